import { boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { GuardAction, GuardRule } from '@/lib/domain/plan/guard-rules';
import type { MismatchClass } from '@/lib/domain/run/states';
import { count, instant, keyDigest } from './columns';
import { planTable } from './plan';

/**
 * Items that shadow reads found different and still different at the recheck: the first 1,000 a table and class, one row
 * a key, with the images of both sides sealed. Screens mask values by role.
 */
export const shadowSample = pgTable(
  'shadow_sample',
  {
    id: text('id').primaryKey(),
    planTableId: text('plan_table_id')
      .notNull()
      .references(() => planTable.id),
    gatewayId: text('gateway_id').notNull(),
    keyId: text('key_id').notNull(),
    keyDigest: keyDigest(),
    class: text('class').$type<MismatchClass>().notNull(),
    attributes: jsonb('attributes').$type<{ attribute: string; class: MismatchClass }[]>().notNull().default([]),
    sourceSealed: text('source_sealed'),
    targetSealed: text('target_sealed'),
    /** The side that answered the application, and the operation it asked with. */
    answeredBy: text('answered_by').$type<'source' | 'target'>().notNull(),
    operation: text('operation').notNull(),
    epoch: count('epoch').notNull(),
    /** Marked dirty by the gateway, so that a settle makes it equal; else a person decides. */
    marked: boolean('marked').notNull().default(false),
    seen: integer('seen').notNull().default(1),
    /** Who asked for its repair, and when. */
    repairedBy: text('repaired_by'),
    repairedAt: instant('repaired_at'),
    firstSeenAt: instant('first_seen_at').notNull().defaultNow(),
    lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex('shadow_sample_key').on(t.planTableId, t.keyDigest),
    index('shadow_sample_class').on(t.planTableId, t.class),
  ],
);

/** Where each guardrail of a table stands, so that a change of it is said once, whichever worker sees it first. */
export const guardState = pgTable(
  'guard_state',
  {
    planTableId: text('plan_table_id')
      .notNull()
      .references(() => planTable.id),
    rule: text('rule').$type<GuardRule>().notNull(),
    action: text('action').$type<GuardAction>().notNull(),
    sentence: text('sentence').notNull(),
    since: instant('since').notNull().defaultNow(),
    /** When it was last seen as far up as it stands: it comes down only after a calm while. */
    lastAt: instant('last_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.planTableId, t.rule] })],
);
