/**
 * DynamoDB Streams over the same signed HTTP as the tables (target prefix `DynamoDBStreams_20120810`). At Amazon it has
 * a host of its own; compatible stores serve it where they serve their tables. The SDK is not used: it drops the
 * lower-case spelling of `userIdentity`, retries by itself and has no time-out.
 */
import type { StoreTarget, StoreWire, WireItem } from '../ports';
import { type Answer, type CallOptions, call, isJson, type Json, undecodable } from './call';

const API = 'DynamoDBStreams_20120810';
/** Pages of 100 shards; a table with more shards than this is refused by name. */
export const SHARD_PAGES_MAX = 200;
/** Records that one GetRecords may return; the service's own bound. */
export const RECORDS_MAX = 1_000;

export interface StreamShard {
  id: string;
  parentId: string | null;
  startingSequence: string | null;
  /** Null: the shard is open. */
  endingSequence: string | null;
}
export interface StreamDescription {
  arn: string;
  status: string;
  view: string;
  shards: StreamShard[];
}
export interface StreamChange {
  sequence: string;
  event: string;
  /** Typed as on the wire. */
  keys: WireItem;
  /** Rounded down to the second by the service; null where it says none. */
  createdAtMs: number | null;
  /** Deleted by the store because its time to live had passed. */
  isExpiry: boolean;
}
export interface RecordPage {
  changes: StreamChange[];
  /** Null: the shard is closed and read to its end. */
  next: string | null;
}
export type StreamPosition = { type: 'TRIM_HORIZON' } | { type: 'AFTER_SEQUENCE_NUMBER'; sequence: string };

/** The store as the Streams service has it: `dynamodb.<region>.amazonaws.com` becomes `streams.dynamodb.<region>…`. */
export function streamsTarget(target: StoreTarget): StoreTarget {
  const url = new URL(target.endpoint);
  const isAmazon = /^dynamodb\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/.test(url.hostname);
  if (isAmazon) url.hostname = `streams.${url.hostname}`;
  return { ...target, endpoint: url.href.replace(/\/$/, '') };
}

const ask = (wire: StoreWire, of: { operation: string; input: Json }, options: CallOptions): Promise<Answer<Json>> =>
  call(wire, { ...of, target: `${API}.${of.operation}` }, options);

/** Every shard that the stream lists. A listing may lag: a child may stand in it whose parent still seems open. */
export async function describeStream(
  wire: StoreWire,
  arn: string,
  options: CallOptions = {},
): Promise<Answer<StreamDescription>> {
  const shards: StreamShard[] = [];
  let after: string | undefined;
  for (let page = 0; page < SHARD_PAGES_MAX; page += 1) {
    const input = { StreamArn: arn, ExclusiveStartShardId: after, Limit: 100 };
    const answer = await ask(wire, { operation: 'DescribeStream', input }, options);
    if (answer.kind !== 'ok') return answer;
    const description = answer.value.StreamDescription;
    if (!isJson(description) || !Array.isArray(description.Shards)) return undecodable('DescribeStream');
    const read = description.Shards.map(shardOf);
    if (read.some((shard) => shard === null)) return undecodable('DescribeStream');
    shards.push(...(read as StreamShard[]));
    if (typeof description.LastEvaluatedShardId !== 'string') {
      const { StreamStatus: status, StreamViewType: view } = description;
      return { kind: 'ok', value: { arn, status: String(status), view: String(view), shards } };
    }
    after = description.LastEvaluatedShardId;
  }
  return undecodable('DescribeStream');
}

function shardOf(raw: unknown): StreamShard | null {
  if (!isJson(raw) || typeof raw.ShardId !== 'string') return null;
  const range = isJson(raw.SequenceNumberRange) ? raw.SequenceNumberRange : {};
  return {
    id: raw.ShardId,
    parentId: textOf(raw.ParentShardId),
    startingSequence: textOf(range.StartingSequenceNumber),
    endingSequence: textOf(range.EndingSequenceNumber),
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** An iterator, good for 15 minutes. */
export async function getShardIterator(
  wire: StoreWire,
  of: { arn: string; shardId: string; position: StreamPosition },
  options: CallOptions = {},
): Promise<Answer<string>> {
  const { position } = of;
  const input = {
    StreamArn: of.arn,
    ShardId: of.shardId,
    ShardIteratorType: position.type,
    SequenceNumber: position.type === 'AFTER_SEQUENCE_NUMBER' ? position.sequence : undefined,
  };
  const answer = await ask(wire, { operation: 'GetShardIterator', input }, options);
  if (answer.kind !== 'ok') return answer;
  const iterator = textOf(answer.value.ShardIterator);
  return iterator === null ? undecodable('GetShardIterator') : { kind: 'ok', value: iterator };
}

/** One page. It may be empty though records lie ahead: only a missing next iterator ends a shard. */
export async function getRecords(
  wire: StoreWire,
  iterator: string,
  options: CallOptions & { limit?: number } = {},
): Promise<Answer<RecordPage>> {
  const { limit = RECORDS_MAX, ...rest } = options;
  const input = { ShardIterator: iterator, Limit: limit };
  const answer = await ask(wire, { operation: 'GetRecords', input }, rest);
  if (answer.kind !== 'ok') return answer;
  const { Records: records, NextShardIterator: next } = answer.value;
  if (!Array.isArray(records)) return undecodable('GetRecords');
  const changes = records.map(changeOf);
  if (changes.some((change) => change === null)) return undecodable('GetRecords');
  return { kind: 'ok', value: { changes: changes as StreamChange[], next: textOf(next) } };
}

function changeOf(raw: unknown): StreamChange | null {
  const inner = isJson(raw) ? raw.dynamodb : null;
  if (!isJson(raw) || !isJson(inner) || !isJson(inner.Keys) || typeof inner.SequenceNumber !== 'string') return null;
  const created = inner.ApproximateCreationDateTime;
  return {
    sequence: inner.SequenceNumber,
    event: String(raw.eventName),
    keys: inner.Keys as WireItem,
    createdAtMs: typeof created === 'number' ? created * 1_000 : null,
    isExpiry: raw.eventName === 'REMOVE' && isTimeToLive(raw.userIdentity),
  };
}

/** On the wire the members are capitalised; stores that copy the shape of Lambda's events write them small. */
function isTimeToLive(identity: unknown): boolean {
  if (!isJson(identity)) return false;
  const principal = identity.PrincipalId ?? identity.principalId;
  return (identity.Type ?? identity.type) === 'Service' && principal === 'dynamodb.amazonaws.com';
}

/** Turns a table's stream on, keys only; a stream that is on already is left as it is and refused by the store. */
export async function enableStream(wire: StoreWire, table: string, options: CallOptions = {}): Promise<Answer<Json>> {
  const StreamSpecification = { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' };
  return await call(wire, { operation: 'UpdateTable', input: { TableName: table, StreamSpecification } }, options);
}
