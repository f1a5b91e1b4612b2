import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { CheckResult } from '@/lib/domain/assessment/checks';
import type { TypeRoundTrip } from '@/lib/domain/assessment/round-trip/report';
import type { KeySchema } from '@/lib/domain/item/item';
import type { EpochCandidate } from '@/lib/domain/mapping/detect';
import type { Mapping } from '@/lib/domain/mapping/mapping';
import type { PlanSettings } from '@/lib/domain/plan/facts';
import type { GuardModes } from '@/lib/domain/plan/guard-rules';
import {
  HOLD_KINDS,
  type HoldKind,
  LIVE_CHANNELS,
  type LiveChannel,
  STAGES,
  STRATEGIES,
  type Stage,
  type Strategy,
} from '@/lib/domain/plan/stages';
import { count, instant } from './columns';
import { connection } from './connection';

const listed = (values: readonly string[]) => sql.raw(values.map((value) => `'${value}'`).join(', '));

export const plan = pgTable(
  'plan',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull().unique(),
    /** Letters, digits, `_` and `-`: the first part of a flag's name. */
    alias: text('alias').notNull().unique(),
    strategy: text('strategy').$type<Strategy>().notNull(),
    sourceConnectionId: text('source_connection_id')
      .notNull()
      .references(() => connection.id),
    targetConnectionId: text('target_connection_id')
      .notNull()
      .references(() => connection.id),
    settings: jsonb('settings').$type<PlanSettings>().notNull(),
    rollbackDocument: text('rollback_document'),
    trainedPeople: text('trained_people'),
    downtimeAcknowledgedBy: text('downtime_acknowledged_by'),
    version: integer('version').notNull().default(1),
    createdBy: text('created_by').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [check('plan_strategy', sql`${t.strategy} in (${listed(STRATEGIES)})`)],
);

export interface TableShape {
  itemCount: number;
  sizeBytes: number;
  indexes: { name: string; kind: 'global' | 'local' }[];
  streamView: string | null;
  ttlAttribute: string | null;
  atMs: number;
}
export interface Waiver {
  check: string;
  by: string;
  reason: string;
  atMs: number;
}
export interface TargetProbes {
  consistentRead: boolean;
  sortOrder: boolean;
  detail: string;
  atMs: number;
}

/** One table of a plan, with its own stage. Every stage change is `update … where stage = … and version = …`. */
export const planTable = pgTable(
  'plan_table',
  {
    id: text('id').primaryKey(),
    planId: text('plan_id')
      .notNull()
      .references(() => plan.id),
    name: text('name').notNull(),
    alias: text('alias').notNull(),
    targetName: text('target_name').notNull(),
    /** What carries live writes: gateways alone, or the source's stream beside them for writers that bypass these. */
    liveChannel: text('live_channel').$type<LiveChannel>().notNull().default('gateway'),
    wave: integer('wave').notNull().default(1),
    position: integer('position').notNull().default(1),
    stage: text('stage').$type<Stage>().notNull().default('planned'),
    stageSince: instant('stage_since').notNull().defaultNow(),
    version: integer('version').notNull().default(1),
    holdKind: text('hold_kind').$type<HoldKind>(),
    holdReason: text('hold_reason'),
    holdBy: text('hold_by'),
    holdSince: instant('hold_since'),
    keySchema: jsonb('key_schema').$type<KeySchema>().notNull(),
    ttlAttribute: text('ttl_attribute'),
    shape: jsonb('shape').$type<TableShape>().notNull(),
    assessment: jsonb('assessment').$type<CheckResult[]>(),
    assessedAt: instant('assessed_at'),
    waivers: jsonb('waivers').$type<Waiver[]>().notNull().default([]),
    forecast: jsonb('forecast').$type<{
      requestsPerMonth: number;
      requestsQuotaPerMonth: number | null;
      hours: number;
      bindsFirst: string;
    }>(),
    targetProvenAt: instant('target_proven_at'),
    targetProof: text('target_proof'),
    targetProbes: jsonb('target_probes').$type<TargetProbes>(),
    typeRoundTrip: jsonb('type_round_trip').$type<TypeRoundTrip>(),
    /** Attributes that have another form on the target; chosen while planned, and never changed on the way. */
    mappings: jsonb('mappings').$type<Mapping[]>().notNull().default([]),
    /** What the last assessment's sample says of attributes that may be mapped. */
    mappingCandidates: jsonb('mapping_candidates').$type<EpochCandidate[]>(),
    /** Fixed when the plan is made; a bucket never changes through pause, roll-back and resume. */
    salt: text('salt').notNull(),
    readShareMilli: integer('read_share_milli').notNull().default(0),
    shareSince: instant('share_since'),
    approvedShareMilli: integer('approved_share_milli').notNull().default(100_000),
    shadowMilli: integer('shadow_milli').notNull().default(0),
    /** Guardrails whose mode a person changed; the others have that of the rule. */
    guardModes: jsonb('guard_modes').$type<GuardModes>().notNull().default({}),
    /** Barrier that is open, or the last one. Done when `barrierPassedAt` is set. */
    barrierVerb: text('barrier_verb'),
    barrierEpoch: count('barrier_epoch'),
    barrierHalf: integer('barrier_half'),
    barrierOpenedAt: instant('barrier_opened_at'),
    barrierPassedAt: instant('barrier_passed_at'),
    /** Each gateway writes a canary with this nonce through its own pipeline; null: delete it again. */
    canaryNonce: text('canary_nonce'),
    canaryArrivedAt: instant('canary_arrived_at'),
    itemsPerSecondMax: integer('items_per_second_max'),
    verifyAgainSince: instant('verify_again_since'),
    verifyAgainReason: text('verify_again_reason'),
    backupUntil: instant('backup_until'),
    backupSince: instant('backup_since'),
    sourceRefusalProvenAt: instant('source_refusal_proven_at'),
    lastChangeBy: text('last_change_by'),
    lastChangeAt: instant('last_change_at'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex('plan_table_name').on(t.planId, t.name),
    // A flag is named by the aliases of its plan and its table.
    uniqueIndex('plan_table_alias').on(t.planId, t.alias),
    index('plan_table_plan').on(t.planId),
    check('plan_table_live_channel', sql`${t.liveChannel} in (${listed(LIVE_CHANNELS)})`),
    check('plan_table_stage', sql`${t.stage} in (${listed(STAGES)})`),
    check('plan_table_hold', sql`${t.holdKind} is null or ${t.holdKind} in (${listed(HOLD_KINDS)})`),
    check('plan_table_share', sql`${t.readShareMilli} between 0 and 100000`),
    check(
      'plan_table_share_stage',
      sql`${t.readShareMilli} = 0 or ${t.stage} in ('shift','target_first','backup','retired')`,
    ),
  ],
);

/** A new plan being filled in; survives a reload. */
export const planDraft = pgTable('plan_draft', {
  userId: text('user_id').primaryKey(),
  draft: jsonb('draft').$type<Record<string, unknown>>().notNull(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});
