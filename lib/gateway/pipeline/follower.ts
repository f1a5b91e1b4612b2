/**
 * Images on their way to the follower (PROTOCOL W2): whole items and deletes, never expressions. Images that come
 * together go together; one that is refused in a batch is sent again alone, because a store refuses a batch whole.
 */
import { type BatchEntry, batchWrite } from '@/lib/adapters/dynamodb/batch';
import type { Trouble } from '@/lib/adapters/dynamodb/call';
import { deleteItem, putItem } from '@/lib/adapters/dynamodb/items';
import type { StoreWire, WireItem } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import type { KeySchema } from '@/lib/domain/item/item';
import { itemBytes } from '@/lib/domain/item/size';
import { LIMITS } from '../limits';
import type { Store } from './stores';

export type FollowerOutcome = { kind: 'ok' } | Trouble;

export interface ImageWrite {
  table: TableRouting;
  store: Store;
  keyId: string;
  key: WireItem;
  /** Null: the key is to be absent. */
  image: WireItem | null;
}

interface Queued extends ImageWrite {
  done(outcome: FollowerOutcome): void;
}

interface Queue {
  wire: StoreWire;
  name: string;
  schema: KeySchema;
  timeoutMs: number;
  entries: Queued[];
}

export class Follower {
  #queues = new Map<string, Queue>();
  #isScheduled = false;

  /** Sends an image. One image a key at a time: the lanes see to that. */
  write(write: ImageWrite): Promise<FollowerOutcome> {
    return new Promise((done) => {
      const name = write.store.tableName ?? write.table.tableName;
      const id = `${write.store.wire.target.connectionId} ${name}`;
      let queue = this.#queues.get(id);
      if (queue === undefined || queue.wire !== write.store.wire) {
        if (queue !== undefined) this.#send(queue);
        const { wire } = write.store;
        queue = { wire, name, schema: write.table.keySchema, timeoutMs: write.table.storeTimeoutMs, entries: [] };
        this.#queues.set(id, queue);
      }
      queue.entries.push({ ...write, done });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    this.#isScheduled = false;
    const queues = this.#queues;
    // Replaced and not emptied, as the table of an emptied Map names the next one (see `PassingMap`).
    this.#queues = new Map();
    for (const queue of queues.values()) this.#send(queue);
  }

  #send(queue: Queue): void {
    if (queue.entries.length === 1) {
      void this.#one(queue, queue.entries[0] as Queued);
      return;
    }
    let batch: Queued[] = [];
    let bytes = 0;
    const ids = new Set<string>();
    for (const entry of queue.entries) {
      const size = entry.image === null ? 1_024 : itemBytes(entry.image) * 2;
      const isFull = batch.length >= LIMITS.followerBatchEntriesMax || bytes + size > LIMITS.followerBatchBytesMax;
      if (batch.length > 0 && (isFull || ids.has(entry.keyId))) {
        void this.#batch(queue, batch);
        batch = [];
        bytes = 0;
        ids.clear();
      }
      batch.push(entry);
      ids.add(entry.keyId);
      bytes += size;
    }
    if (batch.length > 0) void this.#batch(queue, batch);
  }

  async #batch(queue: Queue, entries: Queued[]): Promise<void> {
    if (entries.length === 1) return this.#one(queue, entries[0] as Queued);
    const { wire, name, schema, timeoutMs } = queue;
    const list: BatchEntry[] = entries.map(({ key, image }) => (image === null ? { delete: key } : { put: image }));
    const result = await batchWrite(wire, { table: name, schema, entries: list }, { timeoutMs });
    const { trouble } = result;
    if (trouble?.kind === 'refused' && !trouble.isThrottle) {
      await Promise.all(entries.map((entry) => this.#one(queue, entry)));
      return;
    }
    for (const entry of entries) {
      const outcome = result.outcomes.get(entry.keyId);
      if (outcome?.kind === 'written') entry.done({ kind: 'ok' });
      else if (outcome === undefined || outcome.kind === 'unprocessed') entry.done(UNPROCESSED);
      else entry.done(outcome);
    }
  }

  async #one({ wire, name, timeoutMs }: Queue, entry: Queued): Promise<void> {
    const answer =
      entry.image === null
        ? await deleteItem(wire, { table: name, key: entry.key }, { timeoutMs })
        : await putItem(wire, { table: name, item: entry.image }, { timeoutMs });
    entry.done(answer.kind === 'ok' ? { kind: 'ok' } : answer);
  }
}

const UNPROCESSED: FollowerOutcome = {
  kind: 'refused',
  status: 200,
  errorType: 'UnprocessedItem',
  message: 'the follower left the entry unprocessed',
  retryAfterMs: null,
  isThrottle: true,
  body: {},
};
