import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { KeySchema } from '@/lib/domain/item/item';
import type { Mapping } from '@/lib/domain/mapping/mapping';
import type { FenceStep } from '@/lib/domain/plan/fence';
import type { Reads, Stage, Writes } from '@/lib/domain/plan/stages';
import { count, instant } from './columns';
import { connection } from './connection';
import { plan, planTable } from './plan';

/** What gateways obey for a table, published with the epoch of its last change. Tables without a row pass through. */
export const routing = pgTable(
  'routing',
  {
    planTableId: text('plan_table_id')
      .primaryKey()
      .references(() => planTable.id),
    connectionId: text('connection_id')
      .notNull()
      .references(() => connection.id),
    tableName: text('table_name').notNull(),
    targetConnectionId: text('target_connection_id')
      .notNull()
      .references(() => connection.id),
    targetTableName: text('target_table_name').notNull(),
    incarnation: integer('incarnation').notNull(),
    epoch: count('epoch').notNull(),
    stage: text('stage').$type<Stage>().notNull(),
    writes: text('writes').$type<Writes>().notNull(),
    /** Which side is the truth under this epoch; a held table keeps the old one until the flip's own epoch. */
    authority: text('authority').$type<'source' | 'target'>().notNull(),
    reads: text('reads').$type<Reads>().notNull(),
    readShareMilli: integer('read_share_milli').notNull(),
    shadowMilli: integer('shadow_milli').notNull(),
    salt: text('salt').notNull(),
    fallback: boolean('fallback').notNull(),
    keySchema: jsonb('key_schema').$type<KeySchema>().notNull(),
    ttlAttribute: text('ttl_attribute'),
    sortOrderProven: boolean('sort_order_proven').notNull().default(false),
    mirrorWaitMsMax: integer('mirror_wait_ms_max').notNull(),
    holdMsMax: integer('hold_ms_max').notNull(),
    deltaMs: integer('delta_ms').notNull(),
    storeTimeoutMs: integer('store_timeout_ms').notNull(),
    feedAgeMsMax: integer('feed_age_ms_max').notNull(),
    mappings: jsonb('mappings').$type<Mapping[]>().notNull().default([]),
    planName: text('plan_name').notNull(),
    changedAt: instant('changed_at').notNull().defaultNow(),
  },
  (t) => [index('routing_connection').on(t.connectionId, t.tableName)],
);

/** The stored step machine of a fence (PROTOCOL F1, F2). Each step is a conditional update of this one row. */

export const fence = pgTable(
  'fence',
  {
    id: text('id').primaryKey(),
    planTableId: text('plan_table_id')
      .notNull()
      .references(() => planTable.id),
    planId: text('plan_id')
      .notNull()
      .references(() => plan.id),
    verb: text('verb').notNull(),
    step: text('step').$type<FenceStep>().notNull(),
    long: boolean('long').notNull().default(false),
    planHash: text('plan_hash').notNull(),
    holdEpoch: count('hold_epoch').notNull(),
    flipEpoch: count('flip_epoch'),
    releaseEpoch: count('release_epoch'),
    openedBy: text('opened_by').notNull(),
    reason: text('reason').notNull(),
    openedAt: instant('opened_at').notNull().defaultNow(),
    boundAt: instant('bound_at').notNull(),
    releasedAt: instant('released_at'),
    abortedReason: text('aborted_reason'),
    /** The canary's key was deleted once more after every driver had ended and Δ had passed; null: it is owed. */
    canarySweptAt: instant('canary_swept_at'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [
    index('fence_table').on(t.planTableId),
    uniqueIndex('fence_open').on(t.planTableId).where(sql`${t.step} not in ('released', 'aborted')`),
  ],
);

export const fenceWorker = pgTable(
  'fence_worker',
  {
    fenceId: text('fence_id')
      .notNull()
      .references(() => fence.id),
    workerId: text('worker_id').notNull(),
    stoppedAt: instant('stopped_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.fenceId, t.workerId] })],
);

/** Who drove a fence. One that is frozen may still write its canary, so it is swept after all of them have ended. */
export const fenceDriver = pgTable(
  'fence_driver',
  {
    fenceId: text('fence_id')
      .notNull()
      .references(() => fence.id),
    driverId: text('driver_id').notNull(),
    /** Its end stands for the driver's where that said nothing. */
    workerId: text('worker_id'),
    startedAt: instant('started_at').notNull().defaultNow(),
    endedAt: instant('ended_at'),
  },
  (t) => [primaryKey({ columns: [t.fenceId, t.driverId] })],
);

/** The Postgres that was last seen, and whether another one has taken its place (PROTOCOL F6). One row. */
export const postgresIdentity = pgTable('postgres_identity', {
  id: integer('id').primaryKey(),
  systemIdentifier: text('system_identifier').notNull(),
  timeline: integer('timeline').notNull(),
  /** Rises with every recovery; gateways report their snapshot once a round. */
  round: integer('round').notNull().default(0),
  openedAt: instant('opened_at'),
  reason: text('reason'),
  closedAt: instant('closed_at'),
});
