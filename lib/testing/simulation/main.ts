/**
 * `npm run simulate -- --schedules 1000000 --seed 1`: runs schedules by seed over all cores, each from nothing; a failing
 * seed alone shows the same again. Says every ten seconds how far it is, and ends with a summary, then `N passed, N failed`,
 * then 1 where one failed.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from '@/lib/bench/machine';
import { SAFEGUARDS, type Safeguard } from '@/lib/domain/safeguards';
import { firstSeed } from './rotating-seed';
import { spread } from './spread';
import type { Tally } from './tally';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '10000' },
    /** Another one for each commit, so that pushes look at different schedules; a failing one is printed. */
    seed: { type: 'string', default: String(firstSeed()) },
    /** Of the schedules, so many from seed 1 on, the same at each push. */
    fixed: { type: 'string', default: '0' },
    /** A safeguard to switch off, to look for the first seed that shows it. */
    without: { type: 'string' },
    'failures-max': { type: 'string', default: '5' },
    processes: { type: 'string', default: String(availableParallelism()) },
    /** Ends early, and says how far it came; without it there is no bound. */
    'seconds-max': { type: 'string' },
    /** Looks for the seed of each switch instead, among so many schedules, and writes the table. */
    switches: { type: 'boolean', default: false },
    /** Writes the result beside those of the benchmarks. */
    write: { type: 'boolean', default: false },
  },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
const count = (n: number) => n.toLocaleString('en-US');

function whole(name: 'schedules' | 'seed' | 'fixed' | 'failures-max' | 'processes' | 'seconds-max', least = 1): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= least) return value;
  say(`--${name} takes a whole number of at least ${least}, not "${values[name]}"`);
  process.exit(2);
}

if (values.without !== undefined && !Object.hasOwn(SAFEGUARDS, values.without)) {
  say(`--without takes one of ${Object.keys(SAFEGUARDS).join(', ')}`);
  process.exit(2);
}
const schedules = whole('schedules');
const fixed = Math.min(whole('fixed', 0), schedules);
const first = whole('seed');
const processes = Math.min(whole('processes'), schedules);
const secondsMax = values['seconds-max'] === undefined ? null : whole('seconds-max');
if (values.switches) {
  const { findSwitches } = await import('./find-switches');
  process.exit((await findSwitches({ schedules, processes, say })) ? 0 : 1);
}
const ranges = [
  { first: 1, count: fixed },
  { first, count: schedules - fixed },
].filter((range) => range.count > 0);
const seeds = ranges.map((range) => `${range.first} to ${range.first + range.count - 1}`).join(' and ');
say(`${count(schedules)} schedules, seeds ${seeds}, in ${processes} ${processes === 1 ? 'process' : 'processes'}`);

const machine = describeMachine();
const beganMs = performance.now();
const SAID_EVERY_MS = 10_000;
let saidAtMs = beganMs;
let shown = 0;
const ran = (tally: Tally): number => tally.passed + tally.failures.length;
const perSecond = (tally: Tally): number => ran(tally) / ((performance.now() - beganMs) / 1_000);
const replay = (seed: number): string =>
  `npm run simulate -- --seed ${seed} --schedules 1${values.without === undefined ? '' : ` --without ${values.without}`}`;

const total = await spread({
  ...{ ranges, processes, without: (values.without as Safeguard | undefined) ?? null },
  failuresMax: whole('failures-max'),
  msMax: secondsMax === null ? Number.POSITIVE_INFINITY : secondsMax * 1_000,
  onPart: (so) => {
    for (const { seed, problems } of so.failures.slice(shown)) {
      say(`seed ${seed}: ${replay(seed)}\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    }
    shown = so.failures.length;
    if (performance.now() - saidAtMs < SAID_EVERY_MS) return;
    saidAtMs = performance.now();
    const rate = perSecond(so);
    const leftS = Math.round((schedules - ran(so)) / rate);
    say(`${count(ran(so))} of ${count(schedules)}, ${shown} failed, ${rate.toFixed(0)}/s, ${leftS} s left`);
  },
});
const seconds = (performance.now() - beganMs) / 1_000;
const isWhole = ran(total) >= schedules || secondsMax !== null;
say(JSON.stringify({ schedules: ran(total), seconds: Math.round(seconds), ...total.sums }));
if (ran(total) < schedules) say(`It ended after ${count(ran(total))} of ${count(schedules)} schedules.`);
if (values.write) writeResult();
say(`${total.passed} passed, ${total.failures.length} failed`);
process.exit(total.failures.length > 0 || !isWhole ? 1 : 0);

function writeResult(): void {
  const loadAtEnd = Math.round((loadavg()[0] ?? 0) * 100) / 100;
  const { cpu, cores, memoryGb, system, node } = machine;
  const failedSeeds = total.failures.map((failure) => failure.seed);
  // Seeds are handed out in their order; time or failures may have ended the run.
  const ended = ran(total) < schedules ? ', of which these are the first' : '';
  const bound = secondsMax === null ? '' : ` --seconds-max ${secondsMax}`;
  const figures = { schedules: ran(total), failedSeeds, seconds: Math.round(seconds), ...total.sums };
  const result = {
    name: 'simulation',
    at: new Date().toISOString(),
    machine: { ...machine, loadAtEnd },
    seeds,
    ...figures,
  };
  const file = fileURLToPath(new URL('../../bench/results/simulation', import.meta.url));
  writeFileSync(`${file}.json`, `${JSON.stringify(result, null, 2)}\n`);
  const lines = [
    '# simulation',
    '',
    `${count(ran(total))} schedules of the real code over stores, disk and database in memory, seeds ${seeds}${ended}.`,
    '',
    '| | |',
    '|---|---|',
    `| schedules that failed | ${failedSeeds.length === 0 ? '0' : failedSeeds.join(', ')} |`,
    `| seconds, schedules a second on ${processes} processes | ${figures.seconds}, ${(ran(total) / seconds).toFixed(0)} |`,
    `| requests of applications, of them acknowledged | ${count(total.sums.asked)}, ${count(total.sums.acknowledged)} |`,
    `| marks of dirty keys | ${count(total.sums.marks)} |`,
    `| processes killed | ${count(total.sums.kills)} |`,
    `| fences that changed the authority, fences undone | ${count(total.sums.flips)}, ${count(total.sums.undone)} |`,
    '',
    `Machine: ${cores} × ${cpu}, ${memoryGb} GB, ${system}, Node ${node}; load at the end ${loadAtEnd}. Run with \`npm run simulate -- --schedules ${schedules} --seed ${first}${bound} --write\`.`,
    '',
  ];
  writeFileSync(`${file}.md`, lines.join('\n'));
}
