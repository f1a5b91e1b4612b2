/** Schedules over all cores: processes that are handed a few seeds at a time, so that none is idle before the end. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Safeguard } from '@/lib/domain/safeguards';
import { addTally, emptyTally, type Seeds, type Tally } from './tally';

export interface Spread {
  ranges: readonly Seeds[];
  processes: number;
  without: Safeguard | null;
  /** Nothing more is handed out after so many failures. */
  failuresMax: number;
  /** Nothing more is handed out after so long. */
  msMax: number;
  /** Seeds that a process is handed at a time; about a second of work, so that all reach the end together. */
  seedsAPart?: number;
  /** After each part. */
  onPart(total: Tally): void;
}

const SEEDS_A_PART = 100;
const childFile = fileURLToPath(new URL('./child.ts', import.meta.url));

function* partsOf(ranges: readonly Seeds[], size: number): Generator<Seeds> {
  for (const { first, count } of ranges) {
    for (let at = 0; at < count; at += size) {
      yield { first: first + at, count: Math.min(size, count - at) };
    }
  }
}

/** Resolves with what all of them came to; a part whose process died counts as one failure of its first seed. */
export async function spread(of: Spread): Promise<Tally> {
  const total = emptyTally();
  const parts = partsOf(of.ranges, of.seedsAPart ?? SEEDS_A_PART);
  const endsAtMs = performance.now() + of.msMax;
  const next = (): Seeds | null => {
    if (total.failures.length >= of.failuresMax || performance.now() > endsAtMs) return null;
    const { value, done } = parts.next();
    return done ? null : value;
  };
  await Promise.all(
    Array.from({ length: of.processes }, async () => {
      const child = fork(childFile, of.without === null ? [] : [of.without]);
      for (let part = next(); part !== null && child.connected; part = next()) {
        addTally(total, await answerOf(child, part));
        of.onPart(total);
      }
      if (child.connected) child.disconnect();
    }),
  );
  return total;
}

function answerOf(child: ChildProcess, part: Seeds): Promise<Tally> {
  return new Promise((done) => {
    const died = (code: number | null) => {
      const problem = `the process that ran seeds ${part.first} to ${part.first + part.count - 1} ended with ${code}`;
      done({ ...emptyTally(), failures: [{ seed: part.first, problems: [problem] }] });
    };
    child.once('exit', died);
    child.once('message', (tally) => {
      child.off('exit', died);
      done(tally as Tally);
    });
    child.send(part);
  });
}
