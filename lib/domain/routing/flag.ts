/**
 * What a flag says of one table: pure, and by the buckets of gateway and client. A flag cannot read for its application,
 * so it says *target* only where the application needs no fall-back of ours to be right: in the share of `shift` a dirty
 * key says *source*, which is the authority there.
 */
import { utf8Bytes } from '../item/bytes';
import { unitOfValue } from '../item/key';
import type { Reads, Stage, Writes } from '../plan/stages';
import { bucketOf, isInShare } from './bucket';

export const FLAG_KINDS = ['read', 'routing', 'stage'] as const;
export type FlagKind = (typeof FLAG_KINDS)[number];

export interface FlagFacts {
  tableName: string;
  keyType: 'S' | 'N' | 'B';
  salt: string;
  routing: {
    epoch: number;
    stage: Stage;
    writes: Writes;
    reads: Reads;
    readShareMilli: number;
    shadowMilli: number;
    fallback: boolean;
  } | null;
}

/** Reasons of OpenFeature that we use; all are in the enumeration of OFREP 0.3. */
export type FlagReason = 'STATIC' | 'SPLIT' | 'TARGETING_MATCH' | 'DISABLED';
export type Scalar = string | number | boolean;

export interface FlagAnswer {
  value: string | { [name: string]: Scalar };
  reason: FlagReason;
  variant: string;
  metadata: { [name: string]: Scalar };
}
export type FlagFault = { errorCode: 'TARGETING_KEY_MISSING' | 'INVALID_CONTEXT'; errorDetails: string };

const KEY = /^([A-Za-z0-9_-]{1,80})\.([A-Za-z0-9_-]{1,80})\.(read|routing|stage)$/;

/** `PLAN.TABLE.kind`, or null where the text is no such name. */
export function parseFlagKey(key: string): { plan: string; table: string; kind: FlagKind } | null {
  const match = KEY.exec(key);
  return match ? { plan: match[1] as string, table: match[2] as string, kind: match[3] as FlagKind } : null;
}

const TARGETING_BYTES_MAX = 2_048;

/** The typed partition key that a targeting key stands for: its type is the table's. */
export function flagUnit(targetingKey: string | undefined, keyType: 'S' | 'N' | 'B'): string | FlagFault {
  if (targetingKey === undefined || targetingKey === '')
    return {
      errorCode: 'TARGETING_KEY_MISSING',
      errorDetails: 'This flag is decided by the partition key: give it as context.targetingKey.',
    };
  const unit = unitOfValue({ [keyType]: targetingKey }, { name: 'targetingKey', type: keyType });
  if (unit.ok && utf8Bytes(targetingKey) <= TARGETING_BYTES_MAX) return unit.value;
  const must = { S: `text of at most ${TARGETING_BYTES_MAX} bytes`, N: 'a number as DynamoDB takes it', B: 'base64' };
  return { errorCode: 'INVALID_CONTEXT', errorDetails: `context.targetingKey must be ${must[keyType]}.` };
}

/** `PLAN.TABLE.read`: the side that answers a read of this unit. */
export function readFlag(table: FlagFacts, unit: string, isDirty: () => boolean): FlagAnswer {
  const { routing, salt } = table;
  const bucket = bucketOf(salt, unit);
  const say = (side: 'source' | 'target', reason: FlagReason, why: string): FlagAnswer => ({
    value: side,
    reason,
    variant: side,
    metadata: { ...metadataOf(table), bucket, why },
  });
  if (routing === null || routing.stage === 'planned') return say('source', 'DISABLED', 'not moving yet');
  if (routing.writes === 'refused') return say('source', 'DISABLED', 'writes are frozen');
  if (routing.reads === 'target') return say('target', 'STATIC', 'all reads go to the target');
  const { readShareMilli: share } = routing;
  if (routing.reads === 'source' || share === 0) return say('source', 'STATIC', 'no reads go to the target');
  if (isDirty()) return say('source', 'TARGETING_MATCH', 'a key of this partition may differ between the stores');
  if (share >= 100_000) return say('target', 'STATIC', 'all keys are in the share');
  const isIn = isInShare(bucket, share);
  return say(isIn ? 'target' : 'source', 'SPLIT', `bucket ${bucket} ${isIn ? 'is below' : 'is not below'} ${share}`);
}

/** `PLAN.TABLE.routing`: what a data plane needs that buckets by itself. */
export function routingFlag(table: FlagFacts): FlagAnswer {
  const { routing, salt, keyType } = table;
  const { stage, writes, reads, readShareMilli, shadowMilli, epoch, fallback } = routing ?? UNPUBLISHED;
  const value = { stage, writes, reads, pctMilli: readShareMilli, shadowMilli, salt, epoch, fallback, keyType };
  return { value, reason: reasonOf(routing), variant: `epoch-${epoch}`, metadata: metadataOf(table) };
}

/** `PLAN.TABLE.stage` */
export function stageFlag(table: FlagFacts): FlagAnswer {
  const stage = (table.routing ?? UNPUBLISHED).stage;
  return { value: stage, reason: reasonOf(table.routing), variant: stage, metadata: metadataOf(table) };
}

const UNPUBLISHED = {
  ...{ stage: 'planned', writes: 'source', reads: 'source', readShareMilli: 0, shadowMilli: 0, epoch: 0 },
  fallback: false,
} as const;

const reasonOf = (routing: FlagFacts['routing']): FlagReason => (routing === null ? 'DISABLED' : 'STATIC');

function metadataOf({ tableName, salt, routing }: FlagFacts): { [name: string]: Scalar } {
  const { epoch, stage, readShareMilli } = routing ?? UNPUBLISHED;
  return { table: tableName, stage, epoch, pctMilli: readShareMilli, salt };
}
