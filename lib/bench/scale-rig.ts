/** What the benches of scale and of storms stand on: a stub store, a Postgres, and worker processes as they ship. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase, type Sql } from '@/db/client';
import { migrate } from '@/db/migrate';
import type { StoreTarget } from '@/lib/adapters/ports';
import { WORKER_NODE_ARGS } from '@/lib/supervisor/child';
import { startPostgres } from '@/lib/supervisor/postgres';
import { insertPlan, type PlanFixture, TEST_SEALING_KEY } from '@/lib/testing/plan-fixture';
import { type BenchProcess, startProcess } from './processes';
import type { StubCounts, StubSettings } from './scale-stub';

export const SCALE_TABLE = 'bench-scale';
export const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

export interface ScaleRig {
  sql: Sql;
  plan: PlanFixture;
  live: string;
  set(settings: Partial<StubSettings>): Promise<void>;
  counts(): Promise<StubCounts>;
  worker(segmentsAtATime: number): Promise<BenchProcess>;
  stop(): Promise<void>;
}

export async function startScaleRig(limits: {
  requestsPerSecond: number;
  liveReserveMilli: number;
}): Promise<ScaleRig> {
  const dir = mkdtempSync(join(tmpdir(), 'landfall-scale-'));
  const postgres = await startPostgres({
    dataDir: join(dir, 'pg'),
    port: 0,
    // The disk of the machine is not what is measured.
    settings: { fsync: 'off', synchronous_commit: 'off' },
  });
  await migrate(postgres.url);
  const { sql, close } = openDatabase('test', postgres.url);
  const stub = await startProcess('lib/bench/scale-stub.ts');
  const store = (kind: StoreTarget['kind'], endpoint: unknown): StoreTarget => ({
    connectionId: kind,
    kind,
    endpoint: String(endpoint),
    region: 'eu-central-1',
    credentials: { accessKeyId: 'BENCH', secretAccessKey: 'bench-secret' },
    timeoutMs: 10_000,
  });
  const plan = await insertPlan(sql, {
    source: store('dynamodb', stub.ready.source),
    target: store('terrascale', stub.ready.target),
    table: SCALE_TABLE,
    schema: { partition: { name: 'customer', type: 'S' }, sort: { name: 'order', type: 'N' } },
    settings: { storeTimeoutMs: 5_000 },
    limits: { requestsPerSecond: 1e6, itemsPerSecond: 1e7 },
  });
  await sql`update connection set limits = limits || ${sql.json({ ...limits })} where id = ${plan.targetConnectionId}`;
  const workers: BenchProcess[] = [];
  let settings: StubSettings = { items: 1_000, serviceMs: 0, requestsPerSecond: null, storm: null };
  const admin = String(stub.ready.admin);
  return {
    sql,
    plan,
    live: String(stub.ready.live),
    set: async (some) => {
      settings = { ...settings, ...some };
      await fetch(admin, { method: 'POST', body: JSON.stringify(settings) });
    },
    counts: async () => (await (await fetch(admin)).json()) as StubCounts,
    worker: async (segmentsAtATime) => {
      const worker = await startProcess('lib/worker/main.ts', {
        nodeArgs: [...WORKER_NODE_ARGS],
        environment: {
          DATABASE_URL: postgres.url,
          LANDFALL_SEALING_KEY: TEST_SEALING_KEY,
          LANDFALL_LOG_LEVEL: 'error',
          LANDFALL_WORKER_CONCURRENCY: String(segmentsAtATime),
        },
      });
      workers.push(worker);
      return worker;
    },
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await stub.stop();
      await close();
      await postgres.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export interface ScaleBar {
  name: string;
  value: number;
  atLeast?: number;
  atMost?: number;
}

const isMet = ({ value, atLeast, atMost }: ScaleBar) =>
  value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Number.POSITIVE_INFINITY);

/** Writes `results/<bench>.json` and `.md`, prints the one line of the result; exit code 1 where a bar is missed. */
export function reportScale(of: {
  bench: string;
  title: string;
  bars: ScaleBar[];
  more: object;
  notes: string[];
}): void {
  const { bench, bars, more, notes, title } = of;
  const missed = bars.filter((bar) => !isMet(bar)).map((bar) => bar.name);
  const values = Object.fromEntries(bars.map((bar) => [bar.name, bar.value]));
  const printed = { bench, ...values, met: missed.length === 0, missed, ...more, at: new Date().toISOString() };
  const rows = bars.map((bar) => {
    const bound = bar.atLeast === undefined ? `≤ ${bar.atMost}` : `≥ ${bar.atLeast}`;
    return `| ${bar.name} | ${bar.value} | ${bound} | ${isMet(bar) ? 'met' : '**missed**'} |`;
  });
  const results = fileURLToPath(new URL('results', import.meta.url));
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${bench}.json`), `${JSON.stringify(printed, null, 2)}\n`);
  const table = ['| | measured | bar | |', '|---|---|---|---|', ...rows].join('\n');
  const text = notes.map((note) => `- ${note}`).join('\n');
  const raw = `\`\`\`json\n${JSON.stringify({ ...more, at: printed.at }, null, 2)}\n\`\`\``;
  writeFileSync(join(results, `${bench}.md`), `# ${title}\n\n${table}\n\n${text}\n\n${raw}\n`);
  process.stdout.write(`${JSON.stringify(printed)}\n`);
  if (missed.length > 0) process.exitCode = 1;
}
