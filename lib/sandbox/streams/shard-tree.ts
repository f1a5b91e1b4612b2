/**
 * The stream of one table as DynamoDB shows it: shards with lineage, records in the order of their sequence numbers,
 * iterators that expire, and a trim horizon. Only keys are kept (KEYS_ONLY). A record is reserved before its write is
 * applied and becomes readable once it was, so a reader never sees a record of a write that is still to come.
 */
import { createHash } from 'node:crypto';
import type { WireItem } from '@/lib/adapters/ports';
import { clientError } from '../dynalite-modules';

export type StreamEvent = 'INSERT' | 'MODIFY' | 'REMOVE';
export interface StreamRecord {
  sequence: bigint;
  atSeconds: number;
  event: StreamEvent;
  keys: WireItem;
  /** Deleted by the store itself, as TTL does. */
  byService: boolean;
  /** `reserved`: its write is not applied yet; `dropped`: it was refused. */
  state: 'reserved' | 'readable' | 'dropped';
}
export interface Shard {
  id: string;
  parentId: string | null;
  /** Range of key hashes, end exclusive. */
  from: number;
  to: number;
  first: bigint;
  last: bigint | null;
  records: StreamRecord[];
  /** Sequence numbers up to this one are gone. */
  trimmedTo: bigint | null;
  /** Listings that do not show it yet. */
  hidden: number;
}

/** What is kept of a stream on disk, one line each; replayed when the store starts again. */
export type LogLine =
  | { kind: 'shard'; id: string; parentId: string | null; from: number; to: number; first: string }
  | { kind: 'close'; id: string; last: string }
  | {
      kind: 'record';
      id: string;
      sequence: string;
      atSeconds: number;
      event: StreamEvent;
      keys: WireItem;
      byService: boolean;
    };

const HASHES = 2 ** 32;
const SEQUENCE_START = 100_000_000_000_000_000_000n;
/** Records of one shard after which it is closed and followed by a child, so that lineage is lived and not only tested. */
const ROLL_RECORDS = 5_000;
/** Records that one stream keeps; older ones are trimmed. */
const KEPT_RECORDS_MAX = 100_000;
const PAGE_RECORDS_MAX = 1_000;

const STREAM = 'com.amazonaws.dynamodb.v20120810';
export const streamError = (name: string, message: string) => clientError(`${STREAM}#${name}`, message);

const hashOf = (keys: WireItem): number =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest()
    .readUInt32BE(0);

export class ShardTree {
  readonly #shards: Shard[] = [];
  #sequence = SEQUENCE_START;
  #iterators = 1;
  #isOpen = true;

  constructor(
    readonly arn: string,
    private readonly log: (lines: LogLine[]) => void = () => {},
    replay: readonly LogLine[] = [],
  ) {
    for (const line of replay) this.#replay(line);
    if (this.#shards.length === 0) this.#open(null, 0, HASHES);
  }

  #replay(line: LogLine): void {
    if (line.kind === 'shard') {
      const { id, parentId, from, to } = line;
      const first = BigInt(line.first);
      this.#shards.push({ id, parentId, from, to, first, last: null, records: [], trimmedTo: null, hidden: 0 });
      this.#sequence = first > this.#sequence ? first : this.#sequence;
      return;
    }
    const shard = this.#find(line.id);
    if (line.kind === 'close') {
      shard.last = BigInt(line.last);
      return;
    }
    const sequence = BigInt(line.sequence);
    const { atSeconds, event, keys, byService } = line;
    shard.records.push({ sequence, atSeconds, event, keys, byService, state: 'readable' });
    this.#sequence = sequence;
  }

  #open(parentId: string | null, from: number, to: number): Shard {
    this.#sequence += 1n;
    const first = this.#sequence;
    const id = `shardId-${first}-${this.#shards.length.toString(16).padStart(8, '0')}`;
    const shard: Shard = { id, parentId, from, to, first, last: null, records: [], trimmedTo: null, hidden: 0 };
    this.#shards.push(shard);
    this.log([{ kind: 'shard', id, parentId, from, to, first: String(first) }]);
    return shard;
  }

  #find(id: string): Shard {
    const shard = this.#shards.find((one) => one.id === id);
    if (!shard) throw streamError('ResourceNotFoundException', `Requested resource not found: Shard does not exist`);
    return shard;
  }

  /** Reserves a record; `publish` it when its write was applied, `drop` it when that was refused. */
  reserve(keys: WireItem, event: StreamEvent, byService = false): StreamRecord {
    const hash = hashOf(keys);
    let shard = this.#shards.find((one) => one.last === null && hash >= one.from && hash < one.to) as Shard;
    if (shard.records.length >= ROLL_RECORDS) {
      this.roll(shard.id);
      shard = this.#shards.find((one) => one.last === null && hash >= one.from && hash < one.to) as Shard;
    }
    this.#sequence += 1n;
    const atSeconds = Math.floor(Date.now() / 1000);
    const record: StreamRecord = { sequence: this.#sequence, atSeconds, event, keys, byService, state: 'reserved' };
    shard.records.push(record);
    const sequence = String(record.sequence);
    this.log([{ kind: 'record', id: shard.id, sequence, atSeconds, event, keys, byService }]);
    this.#trimOld();
    return record;
  }

  #trimOld(): void {
    const kept = this.#shards.reduce((sum, shard) => sum + shard.records.length, 0);
    if (kept <= KEPT_RECORDS_MAX) return;
    const oldest = this.#shards.find((shard) => shard.last !== null);
    if (oldest) this.vanish(oldest.id);
  }

  /** Closes one open shard and gives it a child. */
  roll(id: string): string {
    const [child] = this.#close(this.#find(id), 1);
    return child as string;
  }

  /** Closes one open shard and gives it two children, each with half of its keys. */
  split(id: string): string[] {
    return this.#close(this.#find(id), 2);
  }

  #close(shard: Shard, children: 1 | 2): string[] {
    this.#sequence += 1n;
    shard.last = this.#sequence;
    this.log([{ kind: 'close', id: shard.id, last: String(shard.last) }]);
    const middle = Math.floor((shard.from + shard.to) / 2);
    const ranges =
      children === 1
        ? [[shard.from, shard.to]]
        : [
            [shard.from, middle],
            [middle, shard.to],
          ];
    return ranges.map(([from, to]) => this.#open(shard.id, from as number, to as number).id);
  }

  /** Shards that nobody has read to their end may vanish like this after 24 hours. */
  vanish(id: string): void {
    const at = this.#shards.findIndex((one) => one.id === id);
    if (at >= 0) this.#shards.splice(at, 1);
  }

  /** Drops every record of a shard, as the horizon does; iterators from before it are refused. */
  trim(id: string): void {
    const shard = this.#find(id);
    shard.trimmedTo = shard.records.at(-1)?.sequence ?? shard.first;
    shard.records = [];
  }

  /** Iterators given out until now are refused. */
  expireIterators(): void {
    this.#iterators += 1;
  }

  /** The next listings do not show this shard, as a stream's listing may lag behind. */
  hide(id: string, listings: number): void {
    this.#find(id).hidden = listings;
  }

  openShards(): string[] {
    return this.#shards.filter((shard) => shard.last === null).map((shard) => shard.id);
  }

  /** Every shard closes and none follows. */
  disable(): void {
    this.#isOpen = false;
    for (const shard of this.#shards) shard.last ??= this.#sequence;
  }

  get isEnabled(): boolean {
    return this.#isOpen;
  }

  list(after: string | undefined, limit: number): { shards: Shard[]; last: string | undefined } {
    const shown = this.#shards.filter((shard) => shard.hidden === 0);
    for (const shard of this.#shards) shard.hidden = Math.max(0, shard.hidden - 1);
    const start = after === undefined ? 0 : shown.findIndex((shard) => shard.id === after) + 1;
    const shards = shown.slice(start, start + limit);
    return { shards, last: start + limit < shown.length ? shards.at(-1)?.id : undefined };
  }

  iterator(id: string, type: string, sequence: unknown): string {
    const shard = this.#find(id);
    if (type === 'TRIM_HORIZON') return this.#token(id, 0n);
    if (type === 'LATEST') return this.#token(id, this.#sequence);
    if (typeof sequence !== 'string' || !/^\d+$/.test(sequence))
      throw clientError('com.amazon.coral.validate#ValidationException', 'SequenceNumber must be given');
    const at = BigInt(sequence);
    if (shard.trimmedTo !== null && at <= shard.trimmedTo)
      throw streamError('TrimmedDataAccessException', 'The operation attempted to read past the oldest stream record');
    return this.#token(id, type === 'AT_SEQUENCE_NUMBER' ? at - 1n : at);
  }

  #token = (id: string, after: bigint): string =>
    Buffer.from(JSON.stringify({ id, after: String(after), of: this.#iterators, arn: this.arn })).toString('base64url');

  /** Records after the iterator, up to the first whose write is not applied yet; `next` null: closed and drained. */
  records(
    token: { id: string; after: string; of: number },
    limit: number,
  ): { records: StreamRecord[]; next: string | null } {
    if (token.of !== this.#iterators) throw streamError('ExpiredIteratorException', 'The shard iterator has expired');
    const shard = this.#find(token.id);
    const after = BigInt(token.after);
    if (shard.trimmedTo !== null && after !== 0n && after < shard.trimmedTo)
      throw streamError('TrimmedDataAccessException', 'The operation attempted to read past the oldest stream record');
    const ahead = shard.records.filter((record) => record.sequence > after);
    const reserved = ahead.findIndex((record) => record.state === 'reserved');
    const ready = reserved < 0 ? ahead : ahead.slice(0, reserved);
    const page = ready.slice(0, Math.min(limit, PAGE_RECORDS_MAX));
    const isDrained = shard.last !== null && page.length === ahead.length;
    const last = page.at(-1)?.sequence ?? after;
    return {
      records: page.filter((record) => record.state === 'readable'),
      next: isDrained ? null : this.#token(shard.id, last),
    };
  }
}
