/** What a number of schedules came to, and how one process runs some of them. */
import type { SafeguardSet } from '@/lib/domain/safeguards';
import { runSchedule } from './schedule';

export interface Tally {
  passed: number;
  /** One a schedule that failed. */
  failures: { seed: number; problems: string[] }[];
  /** What happened, so that a run in which nothing did is not taken for proof. */
  sums: { asked: number; acknowledged: number; marks: number; kills: number; flips: number; undone: number };
}

/** Seeds `first`, `first + 1` and so on. */
export interface Seeds {
  first: number;
  count: number;
}

export const emptyTally = (): Tally => ({
  ...{ passed: 0, failures: [] },
  sums: { asked: 0, acknowledged: 0, marks: 0, kills: 0, flips: 0, undone: 0 },
});

export function addTally(total: Tally, more: Tally): void {
  total.passed += more.passed;
  total.failures.push(...more.failures);
  for (const name of Object.keys(total.sums) as (keyof Tally['sums'])[]) total.sums[name] += more.sums[name];
}

/** Runs them one after the other in this process. */
export async function runSeeds({ first, count }: Seeds, safeguards: SafeguardSet): Promise<Tally> {
  const tally = emptyTally();
  for (let seed = first; seed < first + count; seed += 1) {
    const { problems, asked, acknowledged, marks, kills, flips, undone } = await runSchedule(seed, safeguards);
    const sums = { asked, acknowledged, marks, kills, flips, undone };
    const failures = problems.length > 0 ? [{ seed, problems }] : [];
    addTally(tally, { passed: failures.length > 0 ? 0 : 1, failures, sums });
  }
  return tally;
}
