/**
 * `npm run simulate -- --schedules 10000 --seed 1`: runs schedules by seed, each from nothing; a failing seed alone shows
 * the same again. The last line is `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { ALL_SAFEGUARDS, SAFEGUARDS, type Safeguard, without } from '@/lib/domain/safeguards';
import { firstSeed } from './rotating-seed';
import { runSchedule } from './schedule';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '10000' },
    /** Another one for each commit, so that pushes look at different schedules; a failing one is printed. */
    seed: { type: 'string', default: String(firstSeed()) },
    /** A safeguard to switch off, to look for the first seed that shows it. */
    without: { type: 'string' },
    'failures-max': { type: 'string', default: '5' },
    processes: { type: 'string', default: String(availableParallelism()) },
  },
});
const say = (line: string) => process.stdout.write(`${line}\n`);

function whole(name: 'schedules' | 'seed' | 'failures-max' | 'processes'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  say(`--${name} takes a whole number above 0, not "${values[name]}"`);
  process.exit(2);
}

const options = { first: whole('seed'), count: whole('schedules'), failuresMax: whole('failures-max') };
if (values.without !== undefined && !Object.hasOwn(SAFEGUARDS, values.without)) {
  say(`--without takes one of ${Object.keys(SAFEGUARDS).join(', ')}`);
  process.exit(2);
}
const processes = Math.min(whole('processes'), options.count);
const { passed, failed } = processes === 1 ? await runHere() : await spread();
say(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed < options.count ? 1 : 0);

async function runHere(): Promise<{ passed: number; failed: number }> {
  const safeguards = values.without === undefined ? ALL_SAFEGUARDS : without(values.without as Safeguard);
  const sums = { asked: 0, acknowledged: 0, marks: 0, kills: 0, flips: 0, undone: 0 };
  let [passed, failed] = [0, 0];
  for (let at = 0; at < options.count && failed < options.failuresMax; at += 1) {
    const result = await runSchedule(options.first + at, safeguards);
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += result[name];
    if (result.problems.length === 0) passed += 1;
    else {
      failed += 1;
      say(`seed ${result.seed}:\n${result.problems.map((problem) => `  ${problem}`).join('\n')}`);
    }
  }
  say(JSON.stringify(sums));
  return { passed, failed };
}

/** An equal part of the seeds for each process. */
async function spread(): Promise<{ passed: number; failed: number }> {
  const share = Math.ceil(options.count / processes);
  const ends = await Promise.all(
    Array.from({ length: processes }, (_, at) => {
      const from = at * share;
      return child(options.first + from, Math.min(share, options.count - from));
    }),
  );
  const sum = (name: 'passed' | 'failed') => ends.reduce((total, end) => total + end[name], 0);
  return { passed: sum('passed'), failed: sum('failed') };
}

function child(seed: number, schedules: number): Promise<{ passed: number; failed: number }> {
  const given = ['--seed', String(seed), '--schedules', String(schedules), '--processes', '1'];
  if (values.without !== undefined) given.push('--without', values.without);
  const made = spawn(process.execPath, [...process.execArgv, process.argv[1] as string, ...given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  made.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString('utf8');
  });
  return new Promise((done) => {
    made.once('exit', () => {
      const lines = said.trimEnd().split('\n');
      const last = /^(\d+) passed, (\d+) failed$/.exec(lines.pop() ?? '');
      for (const line of lines) say(line);
      done(last === null ? { passed: 0, failed: 1 } : { passed: Number(last[1]), failed: Number(last[2]) });
    });
  });
}
