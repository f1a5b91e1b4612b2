/** The database as one process reaches it: each call takes a while, and may fail before or after it was carried out. */
import type { Ledger } from '@/lib/worker/ledger';
import type { Chance } from './chance';
import type { SimProcess } from './process';
import type { SimDatabase } from './sim-database';
import type { VirtualTime } from './virtual-time';

export class DatabaseAwayError extends Error {
  override readonly name = 'DatabaseAwayError';
}

export interface DatabaseWay {
  time: VirtualTime;
  chance: Chance;
  /** Share of calls that fail, and those of them that were carried out all the same are a half. */
  failing: number;
  /** Share of calls that take long enough for a whole write of an application to overtake. */
  slow: number;
  latencyMs: number;
  /** How long a slow one takes at most, in one direction. */
  slowMs: number;
}

/** Runs one call of a process at the database. */
export async function reach<T>(way: DatabaseWay, process: SimProcess, run: () => T): Promise<T> {
  const { time, chance } = way;
  if (process.isHeldUp) await process.alive();
  await time.rest(wayMs(way));
  // A killed process has its statement carried out if it had been sent.
  const isFailing = chance.is(way.failing);
  if (isFailing && chance.is(0.5)) {
    await process.alive();
    throw new DatabaseAwayError('the statement was not carried out');
  }
  const answer = run();
  await time.rest(wayMs(way));
  if (process.isHeldUp) await process.alive();
  if (isFailing) throw new DatabaseAwayError('the statement was carried out, and nobody said so');
  return answer;
}

export function ledgerOf(way: DatabaseWay, process: SimProcess, database: SimDatabase): Ledger {
  const calls = new Map<string, Call>();
  return new Proxy({} as Ledger, {
    get: (_, name: string) => {
      let call = calls.get(name);
      if (call === undefined) {
        call = (...given) => reach(way, process, () => (database as unknown as Record<string, Call>)[name]?.(...given));
        calls.set(name, call);
      }
      return call;
    },
  });
}

type Call = (...given: unknown[]) => unknown;

const wayMs = ({ chance, latencyMs, slow, slowMs }: DatabaseWay): number =>
  chance.is(slow) ? chance.next() * slowMs : chance.delayMs(latencyMs);
