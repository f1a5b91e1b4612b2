import { formatBytes, formatCount } from '../units';
import type { Strategy } from './stages';

export interface StrategyFacts {
  tables: number;
  itemCount: number;
  sizeBytes: number;
}

export interface Recommendation {
  strategy: Strategy;
  /** Why, with the numbers that it rests on. */
  sentence: string;
}

/** Up to here a copy takes minutes, so a stop of writes for the whole of it is worth thinking of. */
export const BIG_BANG_ITEMS_MAX = 50_000;
export const BIG_BANG_BYTES_MAX = 50 * 1024 * 1024;
/** More tables than this are too many to dual write all at once. */
export const DUAL_WRITE_TABLES_MAX = 5;

/** The strategy that the assessed sizes speak for. Dual write is the answer whenever writes may not stop. */
export function recommendStrategy(facts: StrategyFacts & { mayStopWrites: boolean }): Recommendation {
  const size = `${formatCount(facts.itemCount)} items, ${formatBytes(facts.sizeBytes)}`;
  const isSmall = facts.itemCount <= BIG_BANG_ITEMS_MAX && facts.sizeBytes <= BIG_BANG_BYTES_MAX;
  if (facts.mayStopWrites && isSmall)
    return {
      strategy: 'big_bang',
      sentence: `Writes may stop and the copy is small (${size}): one freeze is simplest.`,
    };
  if (facts.tables > DUAL_WRITE_TABLES_MAX)
    return {
      strategy: 'incremental',
      sentence: `${facts.tables} tables (${size}): in waves, each with its own dual-write cycle, so that what one wave measured corrects the next.`,
    };
  const why = facts.mayStopWrites ? `the copy is not small (${size})` : 'writes may not stop';
  return {
    strategy: 'dual_write',
    sentence: `Dual write, because ${why}: no downtime, and a way back until the source is closed.`,
  };
}
