import { boolean, index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { SegmentFile } from '@/lib/domain/export/export';
import type { MismatchClass, RunState, SegmentState } from '@/lib/domain/run/states';
import { count, instant, keyDigest } from './columns';
import { planTable } from './plan';

/** One backfill or one verification of a table. */
export const run = pgTable(
  'run',
  {
    id: text('id').primaryKey(),
    planTableId: text('plan_table_id')
      .notNull()
      .references(() => planTable.id),
    kind: text('kind').$type<'backfill' | 'verification'>().notNull(),
    generation: integer('generation').notNull(),
    state: text('state').$type<RunState>().notNull().default('waiting'),
    /** Frozen for the run: a cursor is valid only for the layout it came from. */
    segmentsTotal: integer('segments_total').notNull(),
    itemsEstimate: count('items_estimate').notNull().default(0),
    itemsPerSecondMax: integer('items_per_second_max'),
    mismatchesMax: integer('mismatches_max').notNull().default(1000),
    /** A sampled verification compares this share of all keys, in parts per million, drawn by the salt; null: all. */
    samplePpm: integer('sample_ppm'),
    sampleSalt: text('sample_salt'),
    /** Where a backfill reads: the table itself, or the files of an export. */
    source: text('source').$type<'scan' | 'export'>().notNull().default('scan'),
    stopReason: text('stop_reason'),
    /** One sentence with numbers while workers are held back; null while running freely. */
    throttleReason: text('throttle_reason'),
    pausedBy: text('paused_by'),
    /** Keys of the table that had been settled when it was made (see `settle_count`). */
    keysSettledBefore: count('keys_settled_before').notNull().default(0),
    startedBy: text('started_by').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
  },
  (t) => [
    index('run_table').on(t.planTableId, t.kind),
    uniqueIndex('run_generation').on(t.planTableId, t.kind, t.generation),
  ],
);

/**
 * A part of a run, owned by a lease with a fencing number: every checkpoint is one UPDATE with
 * `and lease_owner = … and lease_token = …`.
 */
export const segment = pgTable(
  'segment',
  {
    id: text('id').primaryKey(),
    runId: text('run_id')
      .notNull()
      .references(() => run.id),
    number: integer('number').notNull(),
    /** A verification reads the source, then the target for keys that the source does not have. */
    side: text('side').$type<'source' | 'target'>().notNull().default('source'),
    state: text('state').$type<SegmentState>().notNull().default('waiting'),
    /** The data file of an export that this segment is. */
    file: jsonb('file').$type<SegmentFile>(),
    /** LastEvaluatedKey of the last finished page, typed as on the wire. */
    cursor: jsonb('cursor').$type<Record<string, unknown>>(),
    /** The keys of the page being written, stored before its first write (PROTOCOL C3). */
    pageKeys: jsonb('page_keys').$type<Record<string, unknown>[]>(),
    pages: integer('pages').notNull().default(0),
    itemsRead: count('items_read').notNull().default(0),
    itemsWritten: count('items_written').notNull().default(0),
    itemsExpired: count('items_expired').notNull().default(0),
    itemsSetAside: count('items_set_aside').notNull().default(0),
    itemsMarked: count('items_marked').notNull().default(0),
    /** Values of mapped attributes that are carried over as they are, because they are no epoch number. */
    valuesLeft: count('values_left').notNull().default(0),
    bytesRead: count('bytes_read').notNull().default(0),
    compared: count('compared').notNull().default(0),
    suspects: count('suspects').notNull().default(0),
    hot: count('hot').notNull().default(0),
    inFlight: count('in_flight').notNull().default(0),
    mismatches: count('mismatches').notNull().default(0),
    attempts: integer('attempts').notNull().default(0),
    error: text('error'),
    leaseOwner: text('lease_owner'),
    leaseToken: count('lease_token').notNull().default(0),
    leaseUntil: instant('lease_until'),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex('segment_number').on(t.runId, t.side, t.number),
    index('segment_lease').on(t.state, t.leaseUntil),
  ],
);

/** An item that cannot be written, with its key and reason; the table goes on. */
export const setAside = pgTable(
  'set_aside',
  {
    id: text('id').primaryKey(),
    runId: text('run_id')
      .notNull()
      .references(() => run.id),
    planTableId: text('plan_table_id').notNull(),
    keyId: text('key_id').notNull(),
    keyDigest: keyDigest(),
    key: jsonb('key').$type<Record<string, unknown>>().notNull(),
    reason: text('reason').notNull(),
    errorType: text('error_type').notNull(),
    acceptedBy: text('accepted_by'),
    acceptedAt: instant('accepted_at'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (t) => [uniqueIndex('set_aside_key').on(t.runId, t.keyDigest)],
);

/** A difference that stayed after a recheck. Images are sealed; screens mask values by role. */
export const mismatch = pgTable(
  'mismatch',
  {
    id: text('id').primaryKey(),
    runId: text('run_id')
      .notNull()
      .references(() => run.id),
    planTableId: text('plan_table_id').notNull(),
    keyId: text('key_id').notNull(),
    keyDigest: keyDigest(),
    key: jsonb('key').$type<Record<string, unknown>>().notNull(),
    class: text('class').$type<MismatchClass>().notNull(),
    attributes: jsonb('attributes').$type<{ attribute: string; class: MismatchClass }[]>().notNull().default([]),
    sourceSealed: text('source_sealed'),
    targetSealed: text('target_sealed'),
    state: text('state').$type<'open' | 'repairing' | 'gone'>().notNull().default('open'),
    /** An extra item on the target is deleted only after a person approved its repair. */
    deletesOnTarget: boolean('deletes_on_target').notNull().default(false),
    firstSeenAt: instant('first_seen_at').notNull().defaultNow(),
    lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
    goneAt: instant('gone_at'),
  },
  (t) => [uniqueIndex('mismatch_key').on(t.runId, t.keyDigest), index('mismatch_table').on(t.planTableId, t.state)],
);
