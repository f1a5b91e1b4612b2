/**
 * Keys with an open write (PROTOCOL W6). One record a key with a count of its open writes; it is cleared when the count
 * is zero and everything that had to be marked is committed in Postgres. While a key is here it is in flight, and reads
 * of it go to the authority (R1).
 */
import { join } from 'node:path';
import type { Clock, Log } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { partitionUnitOfId } from '@/lib/domain/item/key';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import { PassingMap } from '../passing-map';
import { type Disk, REAL_DISK } from '../state/disk';
import { IntentLog } from './log';
import type { IntentRecord } from './record';
import { UnprovenFile } from './unproven';

export interface OpenKey {
  planTableId: string;
  keyId: string;
  /** `planTableId` and `keyId`, and `planTableId` and the partition's unit, as one text each. */
  id: string;
  partition: string;
  /** Writes that have not ended. */
  count: number;
  /** Marks that are not committed yet. */
  marks: number;
  isRecorded: boolean;
}

export interface IntentsOptions {
  folder: string;
  keysMax: number;
  compactBytes: number;
  bytesMax: number;
  clock: Clock;
  log: Log;
  safeguards: SafeguardSet;
  onFatal(error: Error): void;
  disk?: Disk;
}

/** Even "unproven since" cannot be written: the write is refused before it touches the authority. */
export class NoRecordError extends Error {
  override readonly name = 'NoRecordError';
}

export class Intents {
  readonly #keys = new PassingMap<string, OpenKey>();
  readonly #byTable = new PassingMap<string, number>();
  /** `table\npartition` → open keys of that partition. */
  readonly #byPartition = new PassingMap<string, number>();
  #log!: IntentLog;
  #unproven!: UnprovenFile;
  /** Monotonic time since which records can be written again after trouble; null while they cannot. */
  #worksSinceMs: number | null = 0;
  onChange: (planTableId: string) => void = () => {};
  /** What an earlier process left open (PROTOCOL D4, F5); to be marked before anything is settled. */
  left: OpenKey[] = [];

  private constructor(private readonly options: IntentsOptions) {}

  static async open(options: IntentsOptions): Promise<Intents> {
    const intents = new Intents(options);
    const disk = options.disk ?? REAL_DISK;
    await disk.makeFolder(options.folder);
    const { log, left } = await IntentLog.open({
      ...options,
      path: join(options.folder, 'log'),
      openRecords: () => intents.#records(),
    });
    intents.#log = log;
    intents.#unproven = await UnprovenFile.open(join(options.folder, 'unproven'), disk);
    if (intents.#unproven.since.size > 0) intents.#worksSinceMs = null;
    for (const { planTableId, keyId } of left.values()) {
      if (options.safeguards.restartMarks) intents.left.push(intents.#add(planTableId, keyId));
    }
    return intents;
  }

  /**
   * Opens one write for each key, in memory at once. The promise, null where the disk knows them all already, resolves
   * when the records are on disk. @throws NoRecordError by the promise
   */
  open(table: TableRouting, keyIds: readonly string[]): { keys: OpenKey[]; recorded: Promise<void> | null } {
    const { planTableId } = table;
    const keys = keyIds.map((keyId) => {
      const known = this.#keys.get(`${planTableId}\n${keyId}`);
      if (known === undefined) return this.#add(planTableId, keyId);
      known.count += 1;
      return known;
    });
    if (!this.options.safeguards.intents) return { keys, recorded: null };
    return { keys, recorded: keys.every((key) => key.isRecorded) ? null : this.#record(planTableId, keys) };
  }

  /** Keeps a key in flight without a record: for a mark that rests on a read. Ended like a write. */
  hold(planTableId: string, keyId: string): OpenKey {
    const known = this.#keys.get(`${planTableId}\n${keyId}`);
    if (known === undefined) return this.#add(planTableId, keyId);
    known.count += 1;
    return known;
  }

  /** One write of the key has ended. */
  end(key: OpenKey): void {
    key.count -= 1;
    this.#maybeClear(key);
  }

  beginMark(key: OpenKey): void {
    key.marks += 1;
  }

  /** The dirty row is committed, or the mark is of no use any more. */
  endMark(key: OpenKey): void {
    key.marks -= 1;
    this.#maybeClear(key);
  }

  find(planTableId: string, keyId: string): OpenKey | undefined {
    return this.#keys.get(`${planTableId}\n${keyId}`);
  }

  hasPartition(planTableId: string, unit: string): boolean {
    return this.#byPartition.has(`${planTableId}\n${unit}`);
  }

  openOf(planTableId: string): number {
    return this.#byTable.get(planTableId) ?? 0;
  }

  /** Tables with an open key. */
  openTables(): IterableIterator<string> {
    return this.#byTable.keys();
  }

  get size(): number {
    return this.#keys.size;
  }

  get unproven(): ReadonlyMap<string, number> {
    return this.#unproven.since;
  }

  /** Milliseconds for which records have been written again; null while they cannot be. */
  worksForMs(): number | null {
    return this.#worksSinceMs === null ? null : this.options.clock.monotonicMs() - this.#worksSinceMs;
  }

  /** Writes of the table happened that no key stands for: it owes a verification. Durable when it resolves. */
  recordUnproven(planTableId: string): Promise<void> {
    return this.#unproven.record([planTableId], this.options.clock.nowMs());
  }

  /** Tries the disk after trouble. */
  async probe(): Promise<void> {
    if (this.#worksSinceMs !== null || this.#keys.size * 2 > this.options.keysMax) return;
    for (const key of this.#keys.values()) {
      if (key.isRecorded) continue;
      this.#log.append({ kind: 'open', planTableId: key.planTableId, keyId: key.keyId });
      key.isRecorded = true;
    }
    try {
      await this.#log.sync();
      this.#worksSinceMs = this.options.clock.monotonicMs();
      this.options.log.info({ unproven: this.#unproven.since.size }, 'Intents are recorded again');
    } catch {
      for (const key of this.#keys.values()) key.isRecorded = false;
    }
  }

  /**
   * The owed verification is on record: intents are whole again, if they have been recorded for `deltaMs` without a
   * break until now. False: they have not.
   */
  clearUnproven(deltaMs: number): Promise<boolean> {
    return this.#unproven.clear(() => (this.worksForMs() ?? -1) > deltaMs);
  }

  flushIdle(): Promise<void> {
    return this.#log.flushIdle();
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  die(): Promise<void> {
    return this.#log.die();
  }

  async #record(planTableId: string, keys: readonly OpenKey[]): Promise<void> {
    if (this.#worksSinceMs !== null && this.#keys.size <= this.options.keysMax) {
      for (const key of keys) {
        if (!key.isRecorded) this.#log.append({ kind: 'open', planTableId, keyId: key.keyId });
      }
      try {
        await this.#log.sync();
        for (const key of keys) key.isRecorded = true;
        return;
      } catch (error) {
        this.options.log.error({ error }, 'Intents cannot be recorded; tables become unproven');
      }
    }
    this.#worksSinceMs = null;
    try {
      await this.#unproven.record([planTableId], this.options.clock.nowMs());
    } catch (cause) {
      throw new NoRecordError('neither the intent nor "unproven since" can be recorded', { cause });
    }
  }

  #add(planTableId: string, keyId: string): OpenKey {
    const id = `${planTableId}\n${keyId}`;
    const partition = `${planTableId}\n${partitionUnitOfId(keyId)}`;
    const key: OpenKey = { planTableId, keyId, id, partition, count: 1, marks: 0, isRecorded: false };
    this.#keys.set(id, key);
    this.#byTable.set(planTableId, this.openOf(planTableId) + 1);
    this.#byPartition.set(partition, (this.#byPartition.get(partition) ?? 0) + 1);
    return key;
  }

  #maybeClear(key: OpenKey): void {
    if (key.count > 0 || key.marks > 0) return;
    const { planTableId, keyId, partition } = key;
    if (!this.#keys.delete(key.id)) return;
    const left = this.openOf(planTableId) - 1;
    if (left > 0) this.#byTable.set(planTableId, left);
    else this.#byTable.delete(planTableId);
    const inPartition = (this.#byPartition.get(partition) ?? 1) - 1;
    if (inPartition > 0) this.#byPartition.set(partition, inPartition);
    else this.#byPartition.delete(partition);
    if (key.isRecorded) this.#log.append({ kind: 'clear', planTableId, keyId });
    if (left <= 0) this.onChange(planTableId);
  }

  *#records(): Generator<IntentRecord> {
    for (const { planTableId, keyId } of this.#keys.values()) yield { kind: 'open', planTableId, keyId };
  }
}
