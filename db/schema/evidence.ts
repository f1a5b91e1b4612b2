import { index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { ChecklistItem } from '@/lib/domain/plan/checklist';
import { count, instant } from './columns';
import { plan, planTable } from './plan';

/** What happened, for people: append-only. */
export const event = pgTable(
  'event',
  {
    id: text('id').primaryKey(),
    planId: text('plan_id'),
    planTableId: text('plan_table_id'),
    /** e.g. `move.begin_dual_write`, `run.done`, `fence.aborted`, `gateway.started`. */
    kind: text('kind').notNull(),
    sentence: text('sentence').notNull(),
    actorKind: text('actor_kind').$type<'person' | 'system' | 'guardrail'>().notNull(),
    actor: text('actor').notNull(),
    before: jsonb('before').$type<unknown>(),
    after: jsonb('after').$type<unknown>(),
    reason: text('reason'),
    epoch: count('epoch'),
    at: instant('at').notNull().defaultNow(),
  },
  (t) => [
    index('event_at').on(t.at),
    index('event_plan').on(t.planId, t.at),
    index('event_table').on(t.planTableId, t.at),
  ],
);

/** Who did what, hash-chained: `hash = sha256(previousHash || canonical row)`. Item values never stand here. */
export const audit = pgTable(
  'audit',
  {
    sequence: count('sequence').primaryKey().generatedAlwaysAsIdentity(),
    id: text('id').notNull(),
    action: text('action').notNull(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
    subject: text('subject').notNull(),
    detail: jsonb('detail').$type<unknown>().notNull(),
    reason: text('reason'),
    idempotencyKey: text('idempotency_key'),
    at: instant('at').notNull(),
    previousHash: text('previous_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (t) => [uniqueIndex('audit_id').on(t.id)],
);

/** The stored answer to an action, kept 24 h, so a double click or a repeated request changes nothing. */
export const idempotency = pgTable('idempotency', {
  key: text('key').primaryKey(),
  action: text('action').notNull(),
  actorId: text('actor_id').notNull(),
  result: jsonb('result').$type<unknown>(),
  at: instant('at').notNull().defaultNow(),
});

/** A second person's yes to one exact plan of steps. */
export const approval = pgTable(
  'approval',
  {
    id: text('id').primaryKey(),
    planTableId: text('plan_table_id')
      .notNull()
      .references(() => planTable.id),
    verb: text('verb').notNull(),
    planHash: text('plan_hash').notNull(),
    approvedBy: text('approved_by').notNull(),
    approvedByName: text('approved_by_name').notNull(),
    note: text('note'),
    at: instant('at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
  },
  (t) => [index('approval_table').on(t.planTableId, t.verb)],
);

/** A person's signature under one item; it lapses by itself when the fact it rests on changes. */
export const signOff = pgTable(
  'sign_off',
  {
    id: text('id').primaryKey(),
    planId: text('plan_id')
      .notNull()
      .references(() => plan.id),
    item: text('item').$type<ChecklistItem>().notNull(),
    /** Hash of the facts that it rests on, and the facts themselves. */
    evidenceHash: text('evidence_hash').notNull(),
    evidence: jsonb('evidence').$type<unknown>().notNull(),
    note: text('note'),
    signedBy: text('signed_by').notNull(),
    signedByName: text('signed_by_name').notNull(),
    signedAt: instant('signed_at').notNull().defaultNow(),
    lapsedAt: instant('lapsed_at'),
    lapsedReason: text('lapsed_reason'),
  },
  (t) => [index('sign_off_plan').on(t.planId, t.item)],
);

/** One minute-or-less bucket of what one gateway did with one table; observed share is counted from these alone. */
export const trafficSample = pgTable(
  'traffic_sample',
  {
    id: count('id').primaryKey().generatedAlwaysAsIdentity(),
    planTableId: text('plan_table_id').notNull(),
    gatewayId: text('gateway_id').notNull(),
    epoch: count('epoch').notNull(),
    at: instant('at').notNull().defaultNow(),
    spanMs: integer('span_ms').notNull(),
    readsSource: integer('reads_source').notNull().default(0),
    readsTarget: integer('reads_target').notNull().default(0),
    /** Routed to the target by its bucket, answered by the source after all, by cause. */
    readsFallbackError: integer('reads_fallback_error').notNull().default(0),
    readsFallbackMissing: integer('reads_fallback_missing').notNull().default(0),
    /** Routable, but sent to the authority because the key was dirty or in flight. */
    readsDirty: integer('reads_dirty').notNull().default(0),
    readsStrong: integer('reads_strong').notNull().default(0),
    readsUnroutable: integer('reads_unroutable').notNull().default(0),
    writes: integer('writes').notNull().default(0),
    writesRefused: integer('writes_refused').notNull().default(0),
    mirrored: integer('mirrored').notNull().default(0),
    mirrorFailed: integer('mirror_failed').notNull().default(0),
    mirrorLate: integer('mirror_late').notNull().default(0),
    sourceErrors: integer('source_errors').notNull().default(0),
    targetErrors: integer('target_errors').notNull().default(0),
    userErrors: integer('user_errors').notNull().default(0),
    heldMs: integer('held_ms').notNull().default(0),
    sourceP50Us: integer('source_p50_us'),
    sourceP95Us: integer('source_p95_us'),
    sourceP99Us: integer('source_p99_us'),
    targetP50Us: integer('target_p50_us'),
    targetP95Us: integer('target_p95_us'),
    targetP99Us: integer('target_p99_us'),
    /** Shadow reads: asked, dropped over their bounds, not compared (dirty, in flight, no key), expired, not answered. */
    shadowReads: integer('shadow_reads').notNull().default(0),
    shadowDropped: integer('shadow_dropped').notNull().default(0),
    shadowSkipped: integer('shadow_skipped').notNull().default(0),
    shadowExpired: integer('shadow_expired').notNull().default(0),
    shadowErrors: integer('shadow_errors').notNull().default(0),
    /** Items compared, and those that differed at first and no longer at the recheck. */
    shadowCompared: integer('shadow_compared').notNull().default(0),
    shadowSettled: integer('shadow_settled').notNull().default(0),
    /** Items that stayed different, by class; classes speak of TerraScale. */
    shadowMissing: integer('shadow_missing').notNull().default(0),
    shadowExtra: integer('shadow_extra').notNull().default(0),
    shadowDifferent: integer('shadow_different').notNull().default(0),
    shadowType: integer('shadow_type').notNull().default(0),
    shadowSourceP50Us: integer('shadow_source_p50_us'),
    shadowSourceP95Us: integer('shadow_source_p95_us'),
    shadowSourceP99Us: integer('shadow_source_p99_us'),
    shadowTargetP50Us: integer('shadow_target_p50_us'),
    shadowTargetP95Us: integer('shadow_target_p95_us'),
    shadowTargetP99Us: integer('shadow_target_p99_us'),
  },
  (t) => [index('traffic_sample_table').on(t.planTableId, t.at)],
);

/** Dirty count, oldest age and run progress over time, written by workers. */
export const tableSample = pgTable(
  'table_sample',
  {
    id: count('id').primaryKey().generatedAlwaysAsIdentity(),
    planTableId: text('plan_table_id').notNull(),
    at: instant('at').notNull().defaultNow(),
    dirtyCount: integer('dirty_count').notNull(),
    dirtyOldestMs: integer('dirty_oldest_ms'),
    itemsDone: count('items_done'),
    itemsPerSecond: integer('items_per_second'),
  },
  (t) => [index('table_sample_table').on(t.planTableId, t.at)],
);

export const alertDestination = pgTable('alert_destination', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  kind: text('kind').$type<'webhook'>().notNull().default('webhook'),
  url: text('url').notNull(),
  /** Signs the body: `x-landfall-signature: sha256=…`. */
  secretSealed: text('secret_sealed').notNull(),
  lastTestAt: instant('last_test_at'),
  lastTestOk: text('last_test_ok'),
  createdBy: text('created_by').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  removedAt: instant('removed_at'),
});

/** Deliveries of alerts, tests included: sent at most a named number of times, outcome kept. */
export const alert = pgTable(
  'alert',
  {
    id: text('id').primaryKey(),
    destinationId: text('destination_id')
      .notNull()
      .references(() => alertDestination.id),
    kind: text('kind').notNull(),
    planTableId: text('plan_table_id'),
    sentence: text('sentence').notNull(),
    attempts: integer('attempts').notNull().default(0),
    deliveredAt: instant('delivered_at'),
    lastError: text('last_error'),
    at: instant('at').notNull().defaultNow(),
  },
  (t) => [index('alert_at').on(t.at)],
);
