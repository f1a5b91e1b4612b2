import { boolean, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { count, instant } from './columns';
import { connection } from './connection';
import { planTable } from './plan';

/**
 * Gateways. `registered` of barriers and fences is every row in state `registered`, silent ones included: heartbeats
 * are for display and never remove one (PROTOCOL E1).
 */
export const gateway = pgTable(
  'gateway',
  {
    id: text('id').primaryKey(),
    connectionId: text('connection_id')
      .notNull()
      .references(() => connection.id),
    /** Stable name of a gateway's identity: its data folder's. A new start of it takes the same row. */
    identity: text('identity').notNull(),
    version: text('version').notNull(),
    host: text('host').notNull(),
    listen: text('listen').notNull(),
    state: text('state').$type<'registered' | 'goodbye' | 'declared_dead'>().notNull().default('registered'),
    startedAt: instant('started_at').notNull().defaultNow(),
    lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
    goodbyeAt: instant('goodbye_at'),
    /** Highest epoch that is on its disk and under which every older request has ended (PROTOCOL E2). */
    acknowledgedEpoch: count('acknowledged_epoch').notNull().default(0),
    acknowledgedIncarnation: integer('acknowledged_incarnation').notNull().default(0),
    acknowledgedAt: instant('acknowledged_at'),
    inFlight: integer('in_flight').notNull().default(0),
    intentsOpen: integer('intents_open').notNull().default(0),
    dirtyKnown: integer('dirty_known').notNull().default(0),
    feedAgeMs: integer('feed_age_ms'),
    unprovenSince: instant('unproven_since'),
    startCount: integer('start_count').notNull().default(1),
    /** False: a development gateway on loopback that serves whoever asks. */
    verifiesSignatures: boolean('verifies_signatures').notNull().default(true),
  },
  (t) => [index('gateway_connection').on(t.connectionId)],
);

/** What a gateway last reported of one table. */
export const gatewayTable = pgTable(
  'gateway_table',
  {
    gatewayId: text('gateway_id')
      .notNull()
      .references(() => gateway.id),
    planTableId: text('plan_table_id')
      .notNull()
      .references(() => planTable.id),
    /** Highest epoch at which the table was held here with nothing in flight and every intent cleared. */
    quietEpoch: count('quiet_epoch').notNull().default(0),
    inFlight: integer('in_flight').notNull().default(0),
    intentsOpen: integer('intents_open').notNull().default(0),
    /** The nonce of the canary that this gateway wrote through its own pipeline. */
    canaryNonce: text('canary_nonce'),
    canaryKey: jsonb('canary_key').$type<Record<string, unknown>>(),
    reportedAt: instant('reported_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.gatewayId, t.planTableId] })],
);

/** Workers are registered like gateways (PROTOCOL F1a). One counts until goodbye or its supervisor records its exit. */
export const worker = pgTable('worker', {
  id: text('id').primaryKey(),
  /** graphile-worker's pool id: `locked_by` of its jobs. */
  poolId: text('pool_id'),
  host: text('host').notNull(),
  pid: integer('pid').notNull(),
  version: text('version').notNull(),
  state: text('state').$type<'registered' | 'goodbye' | 'exited'>().notNull().default('registered'),
  startedAt: instant('started_at').notNull().defaultNow(),
  lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
  endedAt: instant('ended_at'),
  activity: jsonb('activity').$type<{ what: string; planTableId: string }[]>().notNull().default([]),
});
