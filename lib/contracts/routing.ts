import { z } from 'zod';
import { MAPPING_KINDS } from '@/lib/domain/mapping/mapping';
import { READS, STAGES, WRITES } from '@/lib/domain/plan/stages';

/** What gateways obey: one document a source connection, from Postgres and kept on disk (PROTOCOL E1). */
const keyAttribute = z.object({ name: z.string(), type: z.enum(['S', 'N', 'B']) });

export const tableRouting = z.object({
  planTableId: z.string(),
  planName: z.string(),
  tableName: z.string(),
  targetConnectionId: z.string(),
  targetTableName: z.string(),
  /** The epoch of this table's last change; at most the snapshot's. */
  epoch: z.number().int(),
  stage: z.enum(STAGES),
  writes: z.enum(WRITES),
  authority: z.enum(['source', 'target']),
  reads: z.enum(READS),
  readShareMilli: z.number().int().min(0).max(100_000),
  shadowMilli: z.number().int().min(0).max(100_000),
  salt: z.string(),
  fallback: z.boolean(),
  keySchema: z.object({ partition: keyAttribute, sort: keyAttribute.nullable() }),
  ttlAttribute: z.string().nullable(),
  sortOrderProven: z.boolean(),
  mirrorWaitMsMax: z.number().int(),
  holdMsMax: z.number().int(),
  deltaMs: z.number().int(),
  storeTimeoutMs: z.number().int(),
  feedAgeMsMax: z.number().int(),
  /** Attributes that have another form on the target. A snapshot on disk from before there were any names none. */
  mappings: z.array(z.object({ attribute: z.string(), kind: z.enum(MAPPING_KINDS) })).default([]),
  /** Gateways write a canary with this nonce through their own pipeline; null: they delete it. */
  canaryNonce: z.string().nullable(),
});
export type TableRouting = z.infer<typeof tableRouting>;

export const routingSnapshot = z.object({
  connectionId: z.string(),
  incarnation: z.number().int(),
  epoch: z.number().int(),
  tables: z.array(tableRouting),
});
export type RoutingSnapshot = z.infer<typeof routingSnapshot>;

/** Channels of NOTIFY. Payloads are small JSON; a listener that missed one polls. */
export const CHANNELS = {
  /** `{connectionId, epoch}`: a new epoch is committed. */
  routing: 'landfall_routing',
  /** `{planTableId, keyHash, event: 'marked'|'gone'}` */
  dirty: 'landfall_dirty',
  /** `{topic, planId, planTableId}`: screens look again. */
  changes: 'landfall_changes',
  /** `{workerId?}`: work may be waiting. */
  work: 'landfall_work',
} as const;
