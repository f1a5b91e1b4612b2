/**
 * Rounds of a bench: one process a client, all on one core, the stub and Postgres on the other. Each round measures every
 * client once, one after the other; a ratio is taken within a round and the median of the rounds is what counts, because
 * the machine's speed changes from minute to minute and both sides of a ratio must feel it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate } from '@/db/migrate';
import { startPostgres } from '@/lib/supervisor/postgres';
import type { ClientInput, Measurement, Work } from './protocol';
import type { StubAsk, StubCounts } from './stub-main';

const projectDir = fileURLToPath(new URL('../../..', import.meta.url));
const ANSWER_MS_MAX = 180_000;
/** Processor seconds before each measurement, and before the first, in which the compiler learns what runs often. */
const WARM_UP_CPU_S = 0.3;
const FIRST_WARM_UP_CPU_S = 5;

export interface BenchPlan {
  work: Work;
  variants: readonly string[];
  rounds: number;
  measureCpuS: number;
}

export interface Rounds {
  /** One row a round: measurements by variant. */
  rounds: Record<string, Measurement>[];
  /** What the round before them decoded, compared and verified. */
  check: Record<string, StubCounts & { found: number | null; items: number }>;
  isPinned: boolean;
}

interface Child {
  process: ChildProcess;
  ask<A>(message: object | null): Promise<A>;
}

const canPin = (): boolean => cpus().length > 1 && spawnSync('taskset', ['--version']).status === 0;

function start(entry: string, options: { core: number | null; input?: ClientInput }): Child {
  const node = [process.execPath, '--import', 'tsx', entry, ...(options.input ? [JSON.stringify(options.input)] : [])];
  const [command = '', ...rest] = options.core === null ? node : ['taskset', '-c', String(options.core), ...node];
  const child = spawn(command, rest, {
    cwd: projectDir,
    // A rule of the protocol can be switched off in tests alone, and one measurement is taken without confirming reads.
    env: { ...process.env, NODE_ENV: 'test' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ask = <A>(message: object | null): Promise<A> =>
    new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`${entry} did not answer`)), ANSWER_MS_MAX);
      const onExit = (code: number | null) => fail(new Error(`${entry} ended with ${code}`));
      child.once('exit', onExit);
      child.once('message', (answer) => {
        clearTimeout(timer);
        child.off('exit', onExit);
        done(answer as A);
      });
      if (message) child.send(message);
    });
  return { process: child, ask };
}

export async function runRounds(plan: BenchPlan): Promise<Rounds> {
  const dir = mkdtempSync(join(tmpdir(), 'landfall-bench-'));
  const children: Child[] = [];
  const postgres = await startPostgres({ dataDir: join(dir, 'pg'), port: 0 });
  const isPinned = canPin();
  try {
    if (isPinned) spawnSync('taskset', ['-a', '-p', '-c', '1', String(postgres.pid)]);
    await migrate(postgres.url);
    const stub = start('lib/bench/copy/stub-main.ts', { core: isPinned ? 1 : null });
    children.push(stub);
    const ports = await stub.ask<{ source: number; target: number }>(null);
    const clients = new Map<string, Child>();
    for (const variant of plan.variants) {
      const [source, target] = [ports.source, ports.target].map((port) => `http://127.0.0.1:${port}`) as [
        string,
        string,
      ];
      const input = { variant, work: plan.work, source, target, databaseUrl: postgres.url };
      const client = start('lib/bench/copy/client-main.ts', { core: isPinned ? 0 : null, input });
      children.push(client);
      clients.set(variant, client);
      await client.ask(null);
    }
    const check = await checkRound(stub, clients);
    const rounds: Rounds['rounds'] = [];
    for (let round = 0; round < plan.rounds; round += 1) {
      const row: Record<string, Measurement> = {};
      for (const [variant, client] of clients) {
        // The first round also warms the compiler up.
        const warmUpCpuS = round === 0 ? FIRST_WARM_UP_CPU_S : WARM_UP_CPU_S;
        row[variant] = await measureOne(client, { warmUpCpuS, measureCpuS: plan.measureCpuS });
      }
      rounds.push(row);
    }
    return { rounds, check, isPinned };
  } finally {
    for (const child of children) child.process.kill('SIGTERM');
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

const measureOne = async (client: Child, ask: { warmUpCpuS: number; measureCpuS: number }): Promise<Measurement> =>
  (await client.ask<{ measurement: Measurement }>({ kind: 'measure', ...ask })).measurement;

const CHECK_CPU_S = 0.5;

/** Every client once, while the stub decodes what it is sent; figures of a client that writes wrong items are worth nothing. */
async function checkRound(stub: Child, clients: ReadonlyMap<string, Child>): Promise<Rounds['check']> {
  const found: Rounds['check'] = {};
  const counts = async (ask: StubAsk) => (await stub.ask<{ counts: StubCounts }>(ask)).counts;
  for (const [variant, client] of clients) {
    const before = await counts({ kind: 'check', isOn: true });
    const answer = await client.ask<{ measurement: Measurement; found: number | null }>({
      kind: 'measure',
      warmUpCpuS: 0,
      measureCpuS: CHECK_CPU_S,
    });
    const after = await counts({ kind: 'check', isOn: false });
    const difference = Object.fromEntries(
      (Object.keys(after) as (keyof StubCounts)[]).map((name) => [name, after[name] - before[name]]),
    ) as unknown as StubCounts;
    found[variant] = { ...difference, found: answer.found, items: answer.measurement.items };
    if (difference.wrong > 0 || difference.unsigned > 0) {
      throw new Error(`${variant}: ${difference.wrong} wrong items, ${difference.unsigned} bad signatures`);
    }
  }
  return found;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

export const rateOf = (one: Measurement): number => one.items / one.cpuS;

/** Median over the rounds of one client's items per processor second over another's. */
export const ratioOf = (rounds: Rounds['rounds'], variant: string, over: string): number =>
  median(rounds.map((row) => rateOf(row[variant] as Measurement) / rateOf(row[over] as Measurement)));
