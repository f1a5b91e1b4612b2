/**
 * `npm run test:long -- <name> [--rounds N]`: runs that are too long for every change. Each writes its result beside the
 * benchmarks (`lib/bench/results/<name>.json` and `.md`), prints one JSON object as its last line, and ends with 1 where
 * a promise was broken. A shorter one of each is in the tests.
 */
import { startThrowAwayPostgres } from '../throw-away-postgres';
import { type LongRun, writeResult } from './result';

export interface LongOptions {
  serverUrl: string;
  /** How often the run does what it does; each run names its own number. */
  rounds: number | null;
  say(line: string): void;
}

const RUNS: Record<string, (options: LongOptions) => Promise<LongRun>> = {
  fences: async (options) => (await import('./fences')).runFences(options),
  kills: async (options) => (await import('./kills')).runKills(options),
  outage: async (options) => (await import('./outage')).runOutage(options),
  overload: async (options) => (await import('./overload')).runOverload(options),
  restarts: async (options) => (await import('./restarts')).runRestarts(options),
  soak: async (options) => (await import('./soak')).runSoak(options),
  propagation: async (options) => (await import('./propagation')).runPropagation(options),
};

const [name = '', ...rest] = process.argv.slice(2);
const run = RUNS[name];
if (!run) {
  process.stderr.write(`There is no long run "${name}"; there are: ${Object.keys(RUNS).join(', ')}\n`);
  process.exit(2);
}
const at = rest.indexOf('--rounds');
const rounds = at >= 0 ? Number(rest[at + 1]) : null;
if (rounds !== null && !(Number.isInteger(rounds) && rounds > 0)) {
  process.stderr.write('--rounds wants a whole number above 0\n');
  process.exit(2);
}
const server = await startThrowAwayPostgres();
let isBroken = true;
try {
  const result = await run({
    serverUrl: server.url,
    rounds,
    say: (line) => process.stdout.write(`${line}\n`),
  });
  await writeResult(name, result);
  isBroken = result.broken.length > 0;
} finally {
  await server.stop();
}
process.exit(isBroken ? 1 : 0);
