import { boolean, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { ShardState, StreamState } from '@/lib/domain/run/states';
import { count, instant, keyDigest } from './columns';
import { planTable } from './plan';

/** The source's stream of a table that is read beside the gateways: one row a table while it moves. */
export const tableStream = pgTable('table_stream', {
  planTableId: text('plan_table_id')
    .primaryKey()
    .references(() => planTable.id),
  /** Null until the stream is found or turned on. */
  arn: text('arn'),
  view: text('view'),
  state: text('state').$type<StreamState>().notNull().default('opening'),
  enabledByLandfall: boolean('enabled_by_landfall').notNull().default(false),
  /** Everything written from here on is read (PROTOCOL C1). */
  positionAt: instant('position_at'),
  /** A gateway's canary of this cycle was read from the stream. */
  canarySeenAt: instant('canary_seen_at'),
  listedAt: instant('listed_at'),
  /** What keeps it from being opened or read, in one sentence. */
  fault: text('fault'),
  lostAt: instant('lost_at'),
  records: count('records').notNull().default(0),
  keysMarked: count('keys_marked').notNull().default(0),
  expiries: count('expiries').notNull().default(0),
  /** Records whose write came to neither store through a gateway. */
  besideGateway: count('beside_gateway').notNull().default(0),
  besideLastAt: instant('beside_last_at'),
});

/** Keys that somebody wrote beside the gateways, as the source's stream showed it: one row a key, the latest kept. */
export const besideWrite = pgTable(
  'beside_write',
  {
    planTableId: text('plan_table_id')
      .notNull()
      .references(() => tableStream.planTableId, { onDelete: 'cascade' }),
    keyId: text('key_id').notNull(),
    keyDigest: keyDigest(),
    times: integer('times').notNull().default(1),
    firstSeenAt: instant('first_seen_at').notNull().defaultNow(),
    lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.planTableId, t.keyDigest] }),
    index('beside_write_seen').on(t.planTableId, t.lastSeenAt),
  ],
);

/** A shard, read under a lease with a fencing number after its parent was read to its end. */
export const streamShard = pgTable(
  'stream_shard',
  {
    planTableId: text('plan_table_id')
      .notNull()
      .references(() => tableStream.planTableId, { onDelete: 'cascade' }),
    shardId: text('shard_id').notNull(),
    parentId: text('parent_id'),
    state: text('state').$type<ShardState>().notNull().default('waiting'),
    /** Sequence number of the last record whose key was settled; null: read from the trim horizon. */
    checkpoint: text('checkpoint'),
    /** Everything written to this shard before is settled. */
    throughAt: instant('through_at').notNull(),
    /** Listings that showed it without the parent that it names. */
    listingsWithoutParent: integer('listings_without_parent').notNull().default(0),
    leaseOwner: text('lease_owner'),
    leaseToken: count('lease_token').notNull().default(0),
    leaseUntil: instant('lease_until'),
    records: count('records').notNull().default(0),
    finishedAt: instant('finished_at'),
  },
  (t) => [primaryKey({ columns: [t.planTableId, t.shardId] }), index('stream_shard_lease').on(t.state, t.leaseUntil)],
);
