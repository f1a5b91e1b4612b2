import { boolean, index, integer, jsonb, pgSequence, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { DirtyCause } from '@/lib/domain/routing/dirty';
import { count, instant, keyDigest } from './columns';
import { planTable } from './plan';

/** Generations and claim tokens come from one sequence and are never used twice (PROTOCOL D1). */
export const dirtyGeneration = pgSequence('dirty_generation', { startWith: 1 });

/** A key whose two images may differ: one row a key. */
export const dirtyKey = pgTable(
  'dirty_key',
  {
    planTableId: text('plan_table_id')
      .notNull()
      .references(() => planTable.id),
    keyId: text('key_id').notNull(),
    keyDigest: keyDigest(),
    key: jsonb('key').$type<Record<string, unknown>>().notNull(),
    cause: text('cause').$type<DirtyCause>().notNull(),
    firstSeenAt: instant('first_seen_at').notNull().defaultNow(),
    lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
    attempts: integer('attempts').notNull().default(0),
    generation: count('generation').notNull(),
    /** Database time before which no settle may begin that lets the row go (PROTOCOL D2). */
    holdUntil: instant('hold_until'),
    /** Take-overs: ids, comma between; holdUntil stays open until all these holders have ended, then database time + delta. */
    holdOpenFor: text('hold_open_for'),
    /** Generation that a confirmed settle last reached while the row still had to wait for its hold; null: none. */
    settledGeneration: count('settled_generation'),
    claimToken: count('claim_token'),
    claimUntil: instant('claim_until'),
    claimOwner: text('claim_owner'),
    hot: boolean('hot').notNull().default(false),
    lastError: text('last_error'),
    /** The generation whose image the follower refused for good. While it is the row's own nobody settles: a dead letter. */
    deadGeneration: count('dead_generation'),
    deadType: text('dead_type'),
    deadAt: instant('dead_at'),
    /** Who decided, and why, that a dead letter may wait. It stays dirty and counts as such. */
    parkedBy: text('parked_by'),
    parkedReason: text('parked_reason'),
    parkedAt: instant('parked_at'),
  },
  (t) => [
    primaryKey({ columns: [t.planTableId, t.keyDigest] }),
    index('dirty_key_seen').on(t.planTableId, t.lastSeenAt),
    index('dirty_key_holder').on(t.holdOpenFor),
  ],
);

/** Keys of a table that settles made equal and confirmed, ever; a run remembers what it was when it was made. */
export const settleCount = pgTable('settle_count', {
  planTableId: text('plan_table_id')
    .primaryKey()
    .references(() => planTable.id),
  keys: count('keys').notNull().default(0),
});
