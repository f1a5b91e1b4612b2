/** Looks for the seeds of the table of switches and writes both the data and the table that people read. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ALL_SAFEGUARDS, SAFEGUARDS, type Safeguard } from '@/lib/domain/safeguards';
import { spread } from './spread';
import { ELSEWHERE, SEEDS } from './switches';
import { runSeeds } from './tally';

interface Look {
  /** Seeds that are tried for one rule. */
  schedules: number;
  processes: number;
  say(line: string): void;
}

/** Parts that failed without a rule are few; a schedule that fails with every rule on says nothing of the rule. */
const FAILURES_MAX = 3;

/** True: every rule has its seed or its test. */
export async function findSwitches(look: Look): Promise<boolean> {
  const seeds: Partial<Record<Safeguard, number>> = {};
  const problems = new Map<Safeguard, string>();
  const rules = (Object.keys(SAFEGUARDS) as Safeguard[]).filter((rule) => ELSEWHERE[rule] === undefined);
  for (const rule of rules) {
    const found = await findSeed(rule, look);
    look.say(
      found === null ? `${rule}: none of ${look.schedules} schedules` : `${rule}: ${found.seed}, ${found.problem}`,
    );
    if (found === null) continue;
    seeds[rule] = found.seed;
    problems.set(rule, found.problem);
  }
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  writeFileSync(file('./switches.json'), `${JSON.stringify(seeds, null, 2)}\n`);
  writeFileSync(file('../../bench/results/switches.md'), tableOf(seeds, problems));
  return rules.every((rule) => seeds[rule] !== undefined);
}

/** From the seed that showed it last, then from the first one. */
async function findSeed(rule: Safeguard, look: Look): Promise<{ seed: number; problem: string } | null> {
  const known = SEEDS[rule] ?? 1;
  for (const ranges of [[{ first: known, count: 1 }], [{ first: 1, count: look.schedules }]]) {
    const { failures } = await spread({
      ...{ ranges, processes: Math.min(look.processes, ranges[0]?.count ?? 1), without: rule },
      ...{ failuresMax: FAILURES_MAX, msMax: Number.POSITIVE_INFINITY, seedsAPart: 20, onPart: () => {} },
    });
    for (const { seed, problems } of failures.toSorted((a, b) => a.seed - b.seed)) {
      const withIt = await runSeeds({ first: seed, count: 1 }, ALL_SAFEGUARDS);
      if (withIt.passed === 1) return { seed, problem: problems[0] as string };
    }
  }
  return null;
}

function tableOf(seeds: Partial<Record<Safeguard, number>>, problems: ReadonlyMap<Safeguard, string>): string {
  const rows = (Object.keys(SAFEGUARDS) as Safeguard[]).map((rule) => {
    const elsewhere = ELSEWHERE[rule];
    const shown =
      seeds[rule] === undefined
        ? elsewhere === undefined
          ? 'not shown | no seed of those tried'
          : `\`${elsewhere.test}\` | ${elsewhere.because}`
        : `seed ${seeds[rule]} | ${(problems.get(rule) ?? '').replaceAll('|', '\\|')}`;
    return `| \`${rule}\` | ${SAFEGUARDS[rule]} | ${shown} |`;
  });
  return [
    '# switches',
    '',
    'Each rule of the protocol switched off by itself: the seed of the simulation whose schedule fails then, and passes with the rule on, with the first problem that it shows; or the test that turns red, and why no schedule can. Written by `npm run simulate -- --switches`; `npm run simulate -- --seed N --schedules 1 --without RULE` shows one again.',
    '',
    '| switch | rule | shown by | what goes wrong, or why no schedule shows it |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
