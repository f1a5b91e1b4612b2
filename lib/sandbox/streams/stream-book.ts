/**
 * Streams of a store: which tables have one, the four operations of the Streams service, and the record of every write.
 * Differences from DynamoDB: the view is KEYS_ONLY whatever is asked for, a write that changes nothing leaves a record
 * too, and a new item is told as MODIFY.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { WireItem } from '@/lib/adapters/ports';
import { type Json, validationError } from '../dynalite-modules';
import { type LogLine, ShardTree, type StreamEvent, type StreamRecord, streamError } from './shard-tree';

const LIST_SHARDS_MAX = 100;
const RECORDS_MAX = 1_000;
const TABLE_NAME = /^[A-Za-z0-9_.-]{3,255}$/;
const ARN = 'arn:aws:dynamodb:local:000000000000:table';

export interface TableWrite {
  table: string;
  keys: WireItem;
  event: StreamEvent;
}
interface Held {
  tree: ShardTree;
  label: string;
  view: string;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class StreamBook {
  readonly #held = new Map<string, Held>();

  /** `directory` null keeps streams in memory. */
  constructor(private readonly directory: string | null) {
    if (directory === null) return;
    mkdirSync(directory, { recursive: true });
    const file = join(directory, 'streams.json');
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      const { table, label, view } = JSON.parse(line) as { table: string; label: string; view: string };
      this.#hold(table, label, view);
    }
  }

  #hold(table: string, label: string, view: string): Held {
    const file = this.directory === null ? null : join(this.directory, `${table}.jsonl`);
    const replay = file !== null && existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    const write = (lines: LogLine[]) => {
      if (file !== null) appendFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    };
    const lines = replay.map((line) => JSON.parse(line) as LogLine);
    const held = { tree: new ShardTree(`${ARN}/${table}/stream/${label}`, write, lines), label, view };
    this.#held.set(table, held);
    return held;
  }

  /** The tree of a table's stream, for tests that roll, split, trim and hide. */
  of(table: string): ShardTree {
    const held = this.#held.get(table);
    if (!held) throw new Error(`${table} has no stream`);
    return held.tree;
  }

  isOn(table: string): boolean {
    return this.#held.get(table)?.tree.isEnabled === true;
  }

  /** `StreamSpecification` of CreateTable or UpdateTable. */
  specify(table: string, specification: unknown): void {
    if (!isObject(specification) || typeof specification.StreamEnabled !== 'boolean')
      throw validationError('StreamSpecification needs StreamEnabled');
    if (!specification.StreamEnabled) {
      if (!this.isOn(table)) throw validationError('Table is not stream enabled');
      this.of(table).disable();
      return;
    }
    if (this.isOn(table)) throw validationError('Table already has an enabled stream');
    if (!TABLE_NAME.test(table)) throw validationError('TableName is no name of a table');
    const view = String(specification.StreamViewType ?? '');
    if (!['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'].includes(view))
      throw validationError('StreamViewType is missing or unknown');
    const label = new Date().toISOString();
    if (this.directory !== null) {
      rmSync(join(this.directory, `${table}.jsonl`), { force: true });
      appendFileSync(join(this.directory, 'streams.json'), `${JSON.stringify({ table, label, view })}\n`);
    }
    this.#hold(table, label, view);
  }

  /** Adds what DescribeTable says of a stream. */
  describe(answer: Json): Json {
    const table = answer.Table as Json & { TableName: string };
    const held = this.#held.get(table.TableName);
    if (!held) return answer;
    const specification = held.tree.isEnabled
      ? { StreamSpecification: { StreamEnabled: true, StreamViewType: held.view } }
      : {};
    return {
      ...answer,
      Table: { ...table, ...specification, LatestStreamArn: held.tree.arn, LatestStreamLabel: held.label },
    };
  }

  /** Reserves records before the writes are applied, publishes them after, drops them where they were refused. */
  async around<T>(writes: readonly TableWrite[], apply: () => Promise<T>): Promise<T> {
    const reserved: StreamRecord[] = writes
      .filter((write) => this.isOn(write.table))
      .map((write) => this.of(write.table).reserve(write.keys, write.event));
    const end = (state: 'readable' | 'dropped') => {
      for (const record of reserved) record.state = state;
    };
    try {
      const answer = await apply();
      end('readable');
      return answer;
    } catch (error) {
      end('dropped');
      throw error;
    }
  }

  run(operation: string, input: Json): Json {
    switch (operation) {
      case 'ListStreams':
        return this.#listStreams(input);
      case 'DescribeStream':
        return this.#describeStream(input);
      case 'GetShardIterator':
        return {
          ShardIterator: this.#byArn(input.StreamArn).tree.iterator(
            String(input.ShardId),
            String(input.ShardIteratorType),
            input.SequenceNumber,
          ),
        };
      case 'GetRecords':
        return this.#getRecords(input);
    }
    throw validationError(`Unknown operation ${operation}`);
  }

  #byArn(arn: unknown): Held {
    const held = [...this.#held.values()].find((one) => one.tree.arn === arn);
    if (!held) throw streamError('ResourceNotFoundException', 'Requested resource not found: Stream not found');
    return held;
  }

  #listStreams(input: Json): Json {
    const streams = [...this.#held]
      .filter(([table]) => input.TableName === undefined || input.TableName === table)
      .map(([table, { tree, label }]) => ({ StreamArn: tree.arn, TableName: table, StreamLabel: label }));
    return { Streams: streams };
  }

  #describeStream(input: Json): Json {
    const { tree, label, view } = this.#byArn(input.StreamArn);
    const limit = Math.min(LIST_SHARDS_MAX, typeof input.Limit === 'number' ? input.Limit : LIST_SHARDS_MAX);
    const after = typeof input.ExclusiveStartShardId === 'string' ? input.ExclusiveStartShardId : undefined;
    const { shards, last } = tree.list(after, limit);
    const described = shards.map(({ id, parentId, first, last: end }) => ({
      ShardId: id,
      ...(parentId === null ? {} : { ParentShardId: parentId }),
      SequenceNumberRange: {
        StartingSequenceNumber: String(first),
        ...(end === null ? {} : { EndingSequenceNumber: String(end) }),
      },
    }));
    return {
      StreamDescription: {
        StreamArn: tree.arn,
        StreamLabel: label,
        StreamStatus: tree.isEnabled ? 'ENABLED' : 'DISABLED',
        StreamViewType: view,
        Shards: described,
        LastEvaluatedShardId: last,
      },
    };
  }

  #getRecords(input: Json): Json {
    let token: { id: string; after: string; of: number; arn: string };
    try {
      token = JSON.parse(Buffer.from(String(input.ShardIterator), 'base64url').toString('utf8'));
    } catch {
      throw validationError('Invalid ShardIterator');
    }
    const limit = typeof input.Limit === 'number' ? input.Limit : RECORDS_MAX;
    const { records, next } = this.#byArn(token.arn).tree.records(token, limit);
    return {
      Records: records.map((record) => ({
        eventID: String(record.sequence),
        eventName: record.event,
        eventVersion: '1.1',
        eventSource: 'aws:dynamodb',
        awsRegion: 'local',
        dynamodb: {
          ApproximateCreationDateTime: record.atSeconds,
          Keys: record.keys,
          SequenceNumber: String(record.sequence),
          SizeBytes: JSON.stringify(record.keys).length,
          StreamViewType: 'KEYS_ONLY',
        },
        ...(record.byService ? { userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' } } : {}),
      })),
      ...(next === null ? {} : { NextShardIterator: next }),
    };
  }
}
