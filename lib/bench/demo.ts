/**
 * Backfill of 100,000 items of half a kilobyte between the two stores of the demo, each its own process. What it shows
 * is where the processor time goes: the emulators must take most of it, or the worker is what limits a migration.
 * Items a second here say how fast the emulators are, not how fast Landfall is.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase, type Sql } from '@/db/client';
import { migrate } from '@/db/migrate';
import { batchWrite } from '@/lib/adapters/dynamodb/batch';
import { createTable } from '@/lib/adapters/dynamodb/tables';
import { createStoreWire } from '@/lib/adapters/dynamodb/wire';
import type { KeySchema, StoreCredentials, StoreTarget, StoreWire, WireItem } from '@/lib/adapters/ports';
import { startPostgres } from '@/lib/supervisor/postgres';
import { insertPlan, insertRun, TEST_SEALING_KEY } from '@/lib/testing/plan-fixture';
import { busyS, describeMachine } from './machine';
import { type BenchProcess, cpuS, familyCpuS, startProcess } from './processes';

export const ITEMS = Number(process.argv[3] ?? 100_000);
const SEGMENTS = 4;
const TABLE = 'bench-orders';
const SCHEMA: KeySchema = { partition: { name: 'customer', type: 'S' }, sort: { name: 'order', type: 'N' } };
const LOAD_AT_A_TIME = 8;
const BATCH = 25;
const RUN_MS_MAX = 20 * 60_000;
const TOKEN = 'bench-admin-token-0123456789';
const BARS = { emulatorsMin: 0.7, workerMax: 0.3 };

const itemOf = (at: number): WireItem => ({
  customer: { S: `customer-${at % 5_003}` },
  order: { N: String(at) },
  status: { S: ['new', 'paid', 'shipped'][at % 3] as string },
  total: { N: (at / 100).toFixed(2) },
  tags: { SS: [`t${at % 7}`, `u${at % 11}`] },
  isGift: { BOOL: at % 2 === 0 },
  address: { M: { city: { S: 'Köln' }, street: { S: `Straße ${at % 900}` }, zip: { S: String(50_000 + (at % 999)) } } },
  lines: { L: [{ M: { sku: { S: `sku-${at % 400}` }, count: { N: String(1 + (at % 4)) } } }] },
  note: { S: 'x'.repeat(250) },
});

async function admin<T>(endpoint: string, path: string, body: unknown): Promise<T> {
  const answer = await fetch(`${endpoint}/_admin${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} to ${path}`);
  return (await answer.json()) as T;
}

async function openStore(kind: StoreTarget['kind'], process: BenchProcess): Promise<StoreTarget> {
  const endpoint = String(process.ready.endpoint);
  const permissions = ['read', 'write', 'describe', 'manage'];
  const credentials = await admin<StoreCredentials>(endpoint, '/keys', { label: 'bench', permissions });
  const region = kind === 'dynamodb' ? 'eu-central-1' : 'terrascale';
  return { connectionId: kind, kind, endpoint, region, credentials, timeoutMs: 10_000 };
}

async function load(wire: StoreWire): Promise<void> {
  let next = 0;
  const runner = async () => {
    while (next < ITEMS) {
      const from = next;
      next += BATCH;
      const entries = Array.from({ length: Math.min(BATCH, ITEMS - from) }, (_, at) => ({ put: itemOf(from + at) }));
      const result = await batchWrite(wire, { table: TABLE, schema: SCHEMA, entries });
      if (result.trouble) throw new Error(`loading failed: ${JSON.stringify(result.trouble)}`);
    }
  };
  await Promise.all(Array.from({ length: LOAD_AT_A_TIME }, runner));
}

async function untilDone(sql: Sql, runId: string): Promise<void> {
  const endsAt = performance.now() + RUN_MS_MAX;
  while (performance.now() < endsAt) {
    const [row] = await sql`select state from run where id = ${runId}`;
    if (row?.state === 'done') return;
    if (row?.state === 'failed') throw new Error('the backfill failed');
    await new Promise<void>((done) => setTimeout(done, 250));
  }
  throw new Error('the backfill was not done in time');
}

interface Measured {
  wallS: number;
  cpu: { source: number; target: number; worker: number; postgres: number; others: number };
  accounted: { read: number; written: number; marked: number; pages: number };
}

async function measure(
  sql: Sql,
  pids: { source: number; target: number; worker: number; postgres: number },
  planTableId: string,
): Promise<Measured> {
  const read = () => ({
    source: cpuS(pids.source),
    target: cpuS(pids.target),
    worker: cpuS(pids.worker),
    postgres: familyCpuS(pids.postgres),
    busy: busyS(),
  });
  const before = read();
  const from = performance.now();
  const { runId } = await insertRun(sql, planTableId, { kind: 'backfill', segments: SEGMENTS });
  await untilDone(sql, runId);
  const wallS = (performance.now() - from) / 1000;
  const after = read();
  const [sum] = await sql<{ read: number; written: number; marked: number; pages: number }[]>`
    select sum(items_read)::int as read, sum(items_written)::int as written, sum(items_marked)::int as marked,
      sum(pages)::int as pages from segment where run_id = ${runId}`;
  const source = after.source - before.source;
  const target = after.target - before.target;
  const worker = after.worker - before.worker;
  const postgres = after.postgres - before.postgres;
  const others = Math.max(0, after.busy - before.busy - source - target - worker - postgres);
  return { wallS, cpu: { source, target, worker, postgres, others }, accounted: sum as Measured['accounted'] };
}

function report(measured: Measured, machine: ReturnType<typeof describeMachine>) {
  const { cpu, wallS, accounted } = measured;
  const all = cpu.source + cpu.target + cpu.worker + cpu.postgres;
  const round = (value: number, digits = 3) => Number(value.toFixed(digits));
  const shares = {
    emulators: round((cpu.source + cpu.target) / all),
    source: round(cpu.source / all),
    target: round(cpu.target / all),
    worker: round(cpu.worker / all),
    postgres: round(cpu.postgres / all),
  };
  return {
    bench: 'demo',
    items: ITEMS,
    itemBytes: Buffer.byteLength(JSON.stringify(itemOf(1))),
    segments: SEGMENTS,
    wallS: round(wallS, 1),
    itemsPerSecond: Math.round(ITEMS / wallS),
    workerCpuUsPerItem: Math.round((cpu.worker / ITEMS) * 1e6),
    cpuS: Object.fromEntries(Object.entries(cpu).map(([name, value]) => [name, round(value, 2)])),
    shares,
    accounted,
    bars: BARS,
    met: shares.emulators >= BARS.emulatorsMin && shares.worker <= BARS.workerMax && accounted.read === ITEMS,
    machine,
    at: new Date().toISOString(),
  };
}

function markdown(result: ReturnType<typeof report>): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const { machine, shares } = result;
  return `# Backfill between the demo's stores

${result.items.toLocaleString('en-US')} items of ${result.itemBytes} bytes, ${result.segments} segments, one worker, on ${machine.cores} × ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}, load ${machine.loadAtStart} at the start. Taken ${result.at} with \`npm run bench -- demo\`.

| | |
|---|---|
| time | ${result.wallS} s |
| items a second (of these emulators, not of Landfall) | ${result.itemsPerSecond.toLocaleString('en-US')} |
| worker's processor time an item | ${result.workerCpuUsPerItem} µs |
| share of the source emulator | ${percent(shares.source)} |
| share of the target emulator | ${percent(shares.target)} |
| **emulators together** (bar: at least ${percent(result.bars.emulatorsMin)}) | **${percent(shares.emulators)}** |
| **worker** (bar: at most ${percent(result.bars.workerMax)}) | **${percent(shares.worker)}** |
| Postgres | ${percent(shares.postgres)} |
| read = written + marked | ${result.accounted.read} = ${result.accounted.written} + ${result.accounted.marked} |
| processor time of other processes meanwhile | ${result.cpuS.others} s |
`;
}

export async function runDemoBench(): Promise<void> {
  const machine = describeMachine();
  const dir = mkdtempSync(join(tmpdir(), 'landfall-bench-'));
  const stops: (() => Promise<void>)[] = [];
  try {
    const postgres = await startPostgres({ dataDir: join(dir, 'pg'), port: 0 });
    stops.push(() => postgres.stop());
    await migrate(postgres.url);
    const { sql, close } = openDatabase('test', postgres.url);
    stops.push(close);
    const start = async (entry: string, name: string, extra: object) => {
      const input = { port: 0, dataDir: join(dir, name), adminToken: TOKEN, ...extra };
      const process = await startProcess(entry, { input });
      stops.push(() => process.stop());
      return process;
    };
    const source = await start('lib/sandbox/source-main.ts', 'source', { sampleOrders: null });
    const target = await start('lib/sandbox/target-main.ts', 'target', { quota: 'demo', allowCreateTable: true });
    const [from, to] = [await openStore('dynamodb', source), await openStore('terrascale', target)];
    for (const store of [from, to]) {
      const wire = createStoreWire(store);
      const made = await createTable(wire, { table: TABLE, key: SCHEMA });
      if (made.kind !== 'ok') throw new Error(`no table: ${JSON.stringify(made)}`);
      if (store === from) await load(wire);
      await wire.close();
    }
    const { planTableId } = await insertPlan(sql, { source: from, target: to, table: TABLE, schema: SCHEMA });
    const environment = {
      DATABASE_URL: postgres.url,
      LANDFALL_SEALING_KEY: TEST_SEALING_KEY,
      LANDFALL_LOG_LEVEL: 'warn',
    };
    const worker = await startProcess('lib/worker/main.ts', { environment });
    stops.push(() => worker.stop());
    const pids = { source: source.pid, target: target.pid, worker: worker.pid, postgres: postgres.pid };
    const result = report(await measure(sql, pids, planTableId), machine);
    const results = fileURLToPath(new URL('./results', import.meta.url));
    mkdirSync(results, { recursive: true });
    if (ITEMS >= 100_000) {
      writeFileSync(join(results, 'demo.json'), `${JSON.stringify(result, null, 2)}\n`);
      writeFileSync(join(results, 'demo.md'), markdown(result));
    }
    process.stdout.write(`${JSON.stringify(result)}\n`);
    if (!result.met) process.exitCode = 1;
  } finally {
    for (const stop of stops.reverse()) await stop().catch(() => {});
    rmSync(dir, { recursive: true, force: true });
  }
}
