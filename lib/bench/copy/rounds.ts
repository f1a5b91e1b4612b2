/**
 * Rounds of a bench: all clients on one core, the stub and Postgres on the other. Each round measures every client once,
 * one after the other; a ratio is taken within a round and the median of the rounds is what counts, because the machine's
 * speed changes from minute to minute and both sides of a ratio must feel it.
 *
 * A client's rate depends on the age of its process: the SDK copies 4,000 items in its second processor second and 10,000
 * in its tenth, when the compiler has seen all of it. So each round starts new processes and measures all of them at the
 * same age, and the last round measures them once more when they are old.
 */
import { spawn, spawnSync } from 'node:child_process';
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
/** Processor seconds of work before a measurement, in which the compiler learns what runs often. */
export const WARM_UP_CPU_S = 4;
/** Age at which nothing is gained any more by growing older. */
export const OLD_CPU_S = 15;

export interface BenchPlan {
  work: Work;
  variants: readonly string[];
  rounds: number;
  measureCpuS: number;
}

export interface Rounds {
  /** One row a round: measurements by variant. */
  rounds: Record<string, Measurement>[];
  /** The processes of the last round, `OLD_CPU_S` old. */
  old: Record<string, Measurement>;
  /** What the round before them decoded, compared and verified. */
  check: Record<string, StubCounts & { found: number | null; items: number }>;
  isPinned: boolean;
}

interface Child {
  ask<A>(message: object | null): Promise<A>;
  stop(): void;
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
  return { ask, stop: () => child.kill('SIGTERM') };
}

export async function runRounds(plan: BenchPlan): Promise<Rounds> {
  const dir = mkdtempSync(join(tmpdir(), 'landfall-bench-'));
  const postgres = await startPostgres({ dataDir: join(dir, 'pg'), port: 0 });
  const isPinned = canPin();
  let stub: Child | null = null;
  try {
    if (isPinned) spawnSync('taskset', ['-a', '-p', '-c', '1', String(postgres.pid)]);
    await migrate(postgres.url);
    stub = start('lib/bench/copy/stub-main.ts', { core: isPinned ? 1 : null });
    const ports = await stub.ask<{ source: number; target: number }>(null);
    const [source, target] = [`http://127.0.0.1:${ports.source}`, `http://127.0.0.1:${ports.target}`];
    /** A client in a new process, ended when `use` has. */
    const withClient = async <R>(variant: string, use: (client: Child) => Promise<R>): Promise<R> => {
      const input = { variant, work: plan.work, source, target, databaseUrl: postgres.url };
      const client = start('lib/bench/copy/client-main.ts', { core: isPinned ? 0 : null, input });
      try {
        await client.ask(null);
        return await use(client);
      } finally {
        client.stop();
      }
    };
    const check = await checkRound(stub, { plan, withClient });
    const rounds: Rounds['rounds'] = [];
    const old: Rounds['old'] = {};
    const { measureCpuS } = plan;
    for (let round = 1; round <= plan.rounds; round += 1) {
      const row: Record<string, Measurement> = {};
      for (const variant of plan.variants) {
        await withClient(variant, async (client) => {
          row[variant] = await measureOne(client, { warmUpCpuS: WARM_UP_CPU_S, measureCpuS });
          const warmUpCpuS = OLD_CPU_S - WARM_UP_CPU_S - measureCpuS;
          if (round === plan.rounds) old[variant] = await measureOne(client, { warmUpCpuS, measureCpuS });
        });
      }
      rounds.push(row);
    }
    return { rounds, old, check, isPinned };
  } finally {
    stub?.stop();
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

const measureOne = async (client: Child, ask: { warmUpCpuS: number; measureCpuS: number }): Promise<Measurement> =>
  (await client.ask<{ measurement: Measurement }>({ kind: 'measure', ...ask })).measurement;

/** Enough that a verification comes to the end of its first recheck, which waits and costs nothing. */
const CHECK_CPU_S = 1.5;

/** Every client once, while the stub decodes what it is sent; figures of a client that writes wrong items are worth nothing. */
async function checkRound(
  stub: Child,
  of: { plan: BenchPlan; withClient<R>(variant: string, use: (client: Child) => Promise<R>): Promise<R> },
): Promise<Rounds['check']> {
  const found: Rounds['check'] = {};
  const counts = async (ask: StubAsk) => (await stub.ask<{ counts: StubCounts }>(ask)).counts;
  for (const variant of of.plan.variants) {
    const before = await counts({ kind: 'check', isOn: true });
    const answer = await of.withClient(variant, (client) =>
      client.ask<{ measurement: Measurement; found: number | null }>({
        kind: 'measure',
        warmUpCpuS: 0,
        measureCpuS: CHECK_CPU_S,
      }),
    );
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
