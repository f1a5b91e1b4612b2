import { boolean, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { StoreKind } from '@/lib/domain/store-kind';
import { count, instant } from './columns';

export interface ConnectionLimits {
  requestsPerSecond: number;
  itemsPerSecond: number;
  readUnitsPerSecond: number | null;
  requestsPerMonth: number | null;
  /** Share of the rate kept for live traffic, in thousandths of a percent (100000 = all). */
  liveReserveMilli: number;
}

export interface ProbeResult {
  atMs: number;
  ok: boolean;
  sentence: string;
  tried: { what: string; ok: boolean; detail: string; latencyMs: number }[];
  tables: string[] | null;
  mayRead: boolean | null;
  mayWrite: boolean | null;
}

/** An endpoint with region, sealed credential and limits. The credential is never read out of the services again. */
export const connection = pgTable('connection', {
  id: text('id').primaryKey(),
  name: text('name').notNull().unique(),
  kind: text('kind').$type<StoreKind>().notNull(),
  endpoint: text('endpoint').notNull(),
  region: text('region').notNull(),
  /** Sealed JSON {accessKeyId, secretAccessKey, sessionToken?}; purpose `connection`. */
  credentialSealed: text('credential_sealed').notNull(),
  /** What may be shown: the last four characters of the access key id. */
  credentialHint: text('credential_hint').notNull(),
  /** Sealed JSON {url, token} of a service that can make a key read-only or revoke it; null: a person does. */
  issuerSealed: text('issuer_sealed'),
  mayCreateTables: boolean('may_create_tables').notNull().default(false),
  limits: jsonb('limits').$type<ConnectionLimits>().notNull(),
  /** The store asked that nothing be sent before; a worker that starts meanwhile reads it here. */
  quietUntil: instant('quiet_until'),
  probe: jsonb('probe').$type<ProbeResult>(),
  version: integer('version').notNull().default(1),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});

/** Requests that workers sent in a calendar month (UTC), as the store's monthly quota counts them. */
export const connectionMonth = pgTable(
  'connection_month',
  {
    connectionId: text('connection_id')
      .notNull()
      .references(() => connection.id),
    /** First day of the month, `2026-11-01`. */
    month: text('month').notNull(),
    requests: count('requests').notNull(),
  },
  (table) => [primaryKey({ columns: [table.connectionId, table.month] })],
);

/** The same by day (UTC), so that a month's use can be drawn. */
export const connectionDay = pgTable(
  'connection_day',
  {
    connectionId: text('connection_id')
      .notNull()
      .references(() => connection.id),
    /** `2026-11-26`. */
    day: text('day').notNull(),
    requests: count('requests').notNull(),
  },
  (table) => [primaryKey({ columns: [table.connectionId, table.day] })],
);

/** Credentials of Landfall's own, each with one use (PROTOCOL F3). A retired one is never issued again. */
export const storeCredential = pgTable('store_credential', {
  id: text('id').primaryKey(),
  connectionId: text('connection_id')
    .notNull()
    .references(() => connection.id),
  purpose: text('purpose').$type<'origin' | 'mirror' | 'primary' | 'reverse' | 'backup_read'>().notNull(),
  credentialSealed: text('credential_sealed').notNull(),
  accessKeyHint: text('access_key_hint').notNull(),
  state: text('state').$type<'active' | 'retiring' | 'retired'>().notNull().default('active'),
  probedRefusedAt: instant('probed_refused_at'),
  createdAt: instant('created_at').notNull().defaultNow(),
  retiredAt: instant('retired_at'),
});

/** Keys that applications sign with; the gateway verifies them. */
export const gatewayKey = pgTable('gateway_key', {
  id: text('id').primaryKey(),
  application: text('application').notNull(),
  accessKeyId: text('access_key_id').notNull().unique(),
  secretSealed: text('secret_sealed').notNull(),
  /** Table names, or null for any. */
  tables: jsonb('tables').$type<string[]>(),
  /** Operation names, or null for any. */
  operations: jsonb('operations').$type<string[]>(),
  createdBy: text('created_by').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  revokedAt: instant('revoked_at'),
});

/** Keys of applications that ask for flags. Kept as a hash alone: nobody has to read one again. */
export const flagKey = pgTable('flag_key', {
  id: text('id').primaryKey(),
  application: text('application').notNull(),
  /** SHA-256 of the key in hex; the key has 256 bits of its own, so it needs no salt. */
  keyHash: text('key_hash').notNull().unique(),
  /** Its last four characters, to tell one from another. */
  hint: text('hint').notNull(),
  /** Plans that it may ask about, or null for all. */
  planIds: jsonb('plan_ids').$type<string[]>(),
  createdBy: text('created_by').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  revokedAt: instant('revoked_at'),
});

/** One rising sequence a source connection (PROTOCOL E1); `incarnation` rises after a restore of Postgres. */
export const routingHead = pgTable('routing_head', {
  connectionId: text('connection_id')
    .primaryKey()
    .references(() => connection.id),
  incarnation: integer('incarnation').notNull().default(1),
  epoch: count('epoch').notNull().default(1),
  changedAt: instant('changed_at').notNull().defaultNow(),
});
