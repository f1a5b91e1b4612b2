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
    /** Somebody attested that its machine is gone: barriers pass it, fences do not yet (PROTOCOL F4). */
    goneAt: instant('gone_at'),
    goneBy: text('gone_by'),
    goneReason: text('gone_reason'),
    /** Somebody declared it dead on proof: fences pass it too, table by table. */
    deadAt: instant('dead_at'),
    deadBy: text('dead_by'),
    deadReason: text('dead_reason'),
    /** The routing that it last reported whole, and the recovery of Postgres that asked for it (PROTOCOL F6). */
    snapshot: jsonb('snapshot').$type<Record<string, unknown>>(),
    snapshotRound: integer('snapshot_round').notNull().default(0),
    snapshotAt: instant('snapshot_at'),
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

/**
 * What a process that is passed by knew of the stores' keys. It is passed by only once every one of them is refused
 * (PROTOCOL F1a, F4).
 */
export const processCredential = pgTable(
  'process_credential',
  {
    id: text('id').primaryKey(),
    /** A gateway's or a worker's. */
    processId: text('process_id').notNull(),
    connectionId: text('connection_id')
      .notNull()
      .references(() => connection.id),
    credentialSealed: text('credential_sealed').notNull(),
    /** What it was sealed for: `connection` or `store-credential`. */
    sealedFor: text('sealed_for').notNull(),
    accessKeyHint: text('access_key_hint').notNull(),
    /** The epoch that everybody else has to act on before this key is revoked: it comes with the new one. */
    replacedEpoch: count('replaced_epoch'),
    revokedAt: instant('revoked_at'),
    refusedAt: instant('refused_at'),
    probedAt: instant('probed_at'),
    probe: text('probe'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (t) => [index('process_credential_process').on(t.processId)],
);

/** ClientRequestTokens that a gateway shares at a hold, sealed, some thousands a page (PROTOCOL F7). */
export const gatewayTokens = pgTable(
  'gateway_tokens',
  {
    gatewayId: text('gateway_id')
      .notNull()
      .references(() => gateway.id),
    page: integer('page').notNull(),
    connectionId: text('connection_id')
      .notNull()
      .references(() => connection.id),
    documentSealed: text('document_sealed').notNull(),
    tokens: integer('tokens').notNull(),
    writtenAt: instant('written_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.gatewayId, t.page] }),
    index('gateway_tokens_connection').on(t.connectionId, t.writtenAt),
  ],
);

/** Workers are registered like gateways (PROTOCOL F1a). One counts until goodbye or its supervisor records its exit. */
export const worker = pgTable('worker', {
  id: text('id').primaryKey(),
  /** graphile-worker's pool id: `locked_by` of its jobs. */
  poolId: text('pool_id'),
  host: text('host').notNull(),
  pid: integer('pid').notNull(),
  version: text('version').notNull(),
  /** `withdrawn`: somebody said that it has ended; it counts until the keys that it knew are refused. */
  state: text('state').$type<'registered' | 'withdrawn' | 'goodbye' | 'exited'>().notNull().default('registered'),
  /** Boot, process space and start of the process: who sees them on the same machine can tell that it has ended. */
  processMark: text('process_mark'),
  startedAt: instant('started_at').notNull().defaultNow(),
  lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
  endedAt: instant('ended_at'),
  activity: jsonb('activity').$type<{ what: string; planTableId: string }[]>().notNull().default([]),
});
