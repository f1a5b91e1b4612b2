/**
 * Consistent reads of the authority that begin now (PROTOCOL W3). Reads that come together share a BatchGetItem; a read
 * never joins a batch that is already under way, because it must begin after the follower's outcome was known.
 */
import { batchGet } from '@/lib/adapters/dynamodb/batch';
import { getItem } from '@/lib/adapters/dynamodb/items';
import type { StoreWire, WireItem } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { LIMITS } from '../limits';
import type { Store } from './stores';

export type Confirmed = { ok: true; item: WireItem | null } | { ok: false };

interface Waiting {
  keyId: string;
  key: WireItem;
  done(result: Confirmed): void;
}

interface Queue {
  wire: StoreWire;
  table: TableRouting;
  name: string;
  waiting: Waiting[];
  inFlight: number;
}

export class ConfirmReader {
  readonly #queues = new Map<string, Queue>();

  read(ask: { table: TableRouting; store: Store; keyId: string; key: WireItem }): Promise<Confirmed> {
    const { table, store, keyId, key } = ask;
    const name = store.tableName ?? table.tableName;
    const id = `${store.wire.target.connectionId} ${name}`;
    let queue = this.#queues.get(id);
    if (queue === undefined || queue.wire !== store.wire) {
      queue = { wire: store.wire, table, name, waiting: [], inFlight: 0 };
      this.#queues.set(id, queue);
    }
    const it = queue;
    it.table = table;
    return new Promise((done) => {
      it.waiting.push({ keyId, key, done });
      if (it.waiting.length === 1) setImmediate(() => this.#pump(it));
    });
  }

  #pump(queue: Queue): void {
    while (queue.waiting.length > 0 && queue.inFlight < LIMITS.confirmBatchesInFlightMax) {
      const batch = queue.waiting.splice(0, LIMITS.confirmBatchKeysMax);
      queue.inFlight += 1;
      void this.#send(queue, batch).finally(() => {
        queue.inFlight -= 1;
        this.#pump(queue);
      });
    }
  }

  async #send(queue: Queue, batch: Waiting[]): Promise<void> {
    const { wire, name, table } = queue;
    const timeoutMs = table.storeTimeoutMs;
    if (batch.length === 1) {
      const [{ key, done }] = batch as [Waiting];
      const answer = await getItem(wire, { table: name, key }, { timeoutMs });
      done(answer.kind === 'ok' ? { ok: true, item: answer.value } : { ok: false });
      return;
    }
    const distinct = new Map(batch.map((one) => [one.keyId, one.key]));
    const keys = [...distinct.values()];
    const result = await batchGet(wire, { table: name, schema: table.keySchema, keys }, { timeoutMs });
    for (const { keyId, done } of batch) {
      const item = result.found.get(keyId);
      if (item !== undefined) done({ ok: true, item });
      else done(result.absent.has(keyId) ? { ok: true, item: null } : { ok: false });
    }
  }
}
