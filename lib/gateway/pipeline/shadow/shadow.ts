/**
 * Shadow reads. When one store has answered the application, a share of those reads is repeated on the other store and
 * the answers are compared. Nothing here is on the request path: the answer has been given before the repetition begins,
 * and where repetitions would be too many, too fast, or in the way of live requests, they are dropped and counted as
 * dropped. What differs is looked at again later (recheck.ts) before it is called a mismatch.
 */
import { batchGet } from '@/lib/adapters/dynamodb/batch';
import type { WireItem, WireOutcome } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { keyFromId, keyId } from '@/lib/domain/item/key';
import { mayShadow } from '@/lib/domain/routing/shadow';
import type { Admission, Ticket } from '../../admission/admission';
import { LIMITS } from '../../limits';
import type { Call } from '../context';
import { partitionOf } from '../key-condition';
import { filtersMapped } from '../mapped-names';
import { decode, isJson, type Json, member } from '../parse';
import { isKeyDirty, isPartitionDirty } from '../reads';
import { other, type Side } from '../stores';
import type { TableTraffic } from '../traffic';
import { byKeyId, type Found, firstLook } from './compare';
import { Recheck, type RecheckParts } from './recheck';

export interface ShadowParts extends RecheckParts {
  /** Shadow reads have room of their own there, and are the first to be refused under pressure. */
  admission: Admission;
  /** From 0 to 1; chance is given in so that a test can have none. */
  random?: () => number;
}

/** How the other side is asked, and how an answer is read. Null: it cannot be compared. */
interface Job {
  table: TableRouting;
  side: Side;
  operation: string;
  tookMs: number;
  first: Found;
  /** Whether `first` has whole items, so that it counts as the first of two looks. */
  isWhole: boolean;
  ask(): Promise<Found | 'failed' | null>;
}

export class Shadow {
  #inFlight = 0;
  #tokens: number = LIMITS.shadowPerSecondMax;
  #refilledAtMs = 0;
  readonly #recheck: Recheck;
  readonly #random: () => number;

  constructor(private readonly parts: ShadowParts) {
    this.#recheck = new Recheck(parts);
    this.#random = parts.random ?? Math.random;
  }

  /** Nothing is looked at again any more. */
  stop(): void {
    this.#recheck.stop();
  }

  /** Reads under way and suspects that wait, for tests and metrics. */
  get size(): number {
    return this.#inFlight + this.#recheck.size;
  }

  /** `side` has answered a GetItem or a Query. */
  answered(call: Call, table: TableRouting, of: { side: Side; outcome: WireOutcome; tookMs: number }): void {
    const { outcome, side, tookMs } = of;
    if (outcome.kind !== 'ok' || call.input.IndexName !== undefined || !this.#isChosen(table)) return;
    const { operation } = call.request;
    const id = operation === 'GetItem' ? idOf(call.input, table) : null;
    const unit = operation === 'Query' ? partitionOf(call.input, table.keySchema) : null;
    if (id === null && unit === null) return;
    // Its condition means the source's form: on the target it would find other items, and none of them would be wrong.
    if (filtersMapped(call.input, table.mappings)) return;
    const isDirty = id !== null ? isKeyDirty(call, table, id) : isPartitionDirty(call, table, unit as string);
    const ticket = this.#admit(table, { side: other(side), isDirty, bytes: outcome.body.length });
    if (ticket === null) return;
    // The bytes may belong to a buffer that is used again once the application has its answer.
    const body = Buffer.from(outcome.body);
    const read = (bytes: Buffer): Found | null => (id !== null ? foundItem(bytes, id) : foundPage(bytes, call, table));
    this.#later(table, ticket, () => {
      const first = read(body);
      if (first === null) return null;
      const ask = async () => {
        const bytes = await this.#send(call, table, other(side));
        return bytes === null ? 'failed' : read(bytes);
      };
      return { table, side, operation, tookMs, first, isWhole: isWhole(call.input), ask };
    });
  }

  /** `side` has answered keys of a BatchGetItem: `keys` are those that it answered for, `items` what it has of them. */
  answeredBatch(
    call: Call,
    table: TableRouting,
    of: { side: Side; request: Json; keys: readonly Json[]; items: readonly unknown[]; tookMs: number },
  ): void {
    if (of.keys.length === 0 || !this.#isChosen(table)) return;
    const { side, tookMs } = of;
    const ids = of.keys.flatMap((key) => {
      const id = keyId(key as WireItem, table.keySchema);
      return id.ok ? [id.value] : [];
    });
    const clean = [...new Set(ids)].filter((id) => !isKeyDirty(call, table, id));
    this.#count(table)?.add('shadowSkipped', ids.length - clean.length);
    if (clean.length === 0 || !isWhole(of.request)) {
      this.#count(table)?.add('shadowSkipped', clean.length);
      return;
    }
    const bytes = of.items.length * ITEM_BYTES_GUESS;
    const ticket = this.#admit(table, { side: other(side), isDirty: false, bytes });
    if (ticket === null) return;
    const isConsistent = of.request.ConsistentRead === true;
    this.#later(table, ticket, () => {
      const items = byKeyId(of.items, table.keySchema);
      if (items === null) return null;
      const first = new Map(clean.map((id) => [id, items.get(id) ?? null]));
      const ask = () => this.#batch(table, { side: other(side), ids: clean, isConsistent });
      return { table, side, operation: 'BatchGetItem', tookMs, first, isWhole: true, ask };
    });
  }

  #isChosen(table: TableRouting): boolean {
    if (table.shadowMilli === 0 || !mayShadow(table.stage)) return false;
    return this.#random() * 100_000 < table.shadowMilli;
  }

  /** Room for one read; null, counted with the reason, where it is not repeated. */
  #admit(table: TableRouting, of: { side: Side; isDirty: boolean; bytes: number }): Ticket | null {
    const traffic = this.#count(table);
    if (of.isDirty) {
      traffic?.add('shadowSkipped');
      return null;
    }
    const nowMs = this.parts.clock.monotonicMs();
    const perMs = LIMITS.shadowPerSecondMax / 1_000;
    this.#tokens = Math.min(LIMITS.shadowPerSecondMax, this.#tokens + (nowMs - this.#refilledAtMs) * perMs);
    this.#refilledAtMs = nowMs;
    const ticket = this.#tokens < 1 ? null : this.parts.admission.shadow(of.bytes);
    const { admits } = this.parts.stores.side(table, of.side);
    // Asked last: a true answer of a store under suspicion has to be followed by a request.
    if (ticket === null || (admits !== undefined && !admits())) {
      ticket?.release();
      traffic?.add('shadowDropped');
      return null;
    }
    this.#tokens -= 1;
    return ticket;
  }

  #later(table: TableRouting, ticket: Ticket, make: () => Job | null): void {
    this.#inFlight += 1;
    setImmediate(() => {
      const job = make();
      if (job === null) this.#count(table)?.add('shadowSkipped');
      const done = job === null ? Promise.resolve() : this.#run(job);
      done
        .catch((error: unknown) => this.parts.log.warn({ error, table: table.tableName }, 'A shadow read failed'))
        .finally(() => {
          this.#inFlight -= 1;
          ticket.release();
        });
    });
  }

  async #run(job: Job): Promise<void> {
    const { clock } = this.parts;
    const { table } = job;
    const startedAt = clock.monotonicMs();
    const second = await job.ask();
    const tookMs = clock.monotonicMs() - startedAt;
    const traffic = this.#count(table);
    if (traffic === null) return;
    traffic.add('shadowReads');
    if (second === 'failed') {
      traffic.add('shadowErrors');
      return;
    }
    traffic.shadowTook(job.side, job.tookMs);
    traffic.shadowTook(other(job.side), tookMs);
    if (second === null) {
      traffic.add('shadowSkipped');
      return;
    }
    const look = firstLook(job.first, second, { ttlAttribute: table.ttlAttribute, nowMs: clock.nowMs() });
    traffic.add('shadowCompared', look.compared);
    traffic.add('shadowExpired', look.expired);
    for (const id of look.suspects) {
      const [a, b] = [job.first.get(id) ?? null, second.get(id) ?? null];
      const pair = job.side === 'source' ? { source: a, target: b } : { source: b, target: a };
      const { side: answeredBy, operation } = job;
      this.#recheck.add({ table, keyId: id, answeredBy, operation, first: job.isWhole ? pair : null });
    }
  }

  /** The same read on the other side; null where it gave no answer. */
  async #send(call: Call, table: TableRouting, side: Side): Promise<Buffer | null> {
    const store = this.parts.stores.side(table, side);
    const { operation, target } = call.request;
    const input = { ...call.input, TableName: store.tableName ?? table.tableName };
    const body = Buffer.from(JSON.stringify(input));
    const outcome = await store.wire.send({ operation, target, body, timeoutMs: table.storeTimeoutMs });
    return outcome.kind === 'ok' ? outcome.body : null;
  }

  async #batch(
    table: TableRouting,
    of: { side: Side; ids: readonly string[]; isConsistent: boolean },
  ): Promise<Found | 'failed'> {
    const store = this.parts.stores.side(table, of.side);
    const keys = of.ids.map((id) => keyFromId(id, table.keySchema));
    const request = { table: store.tableName ?? table.tableName, schema: table.keySchema, keys };
    const options = { isConsistent: of.isConsistent, timeoutMs: table.storeTimeoutMs, roundsMax: 1 };
    const result = await batchGet(store.wire, request, options);
    if (result.unread.size > 0) return 'failed';
    return new Map(of.ids.map((id) => [id, result.found.get(id) ?? null]));
  }

  /** Counters of the table under the routing of now: the request's own view may have ended. */
  #count(table: TableRouting): TableTraffic | null {
    const view = this.parts.views.current;
    return view?.byId.has(table.planTableId) ? view.traffic(table.planTableId) : null;
  }
}

/** Items of a batch are parsed already; their bytes are not counted again. */
const ITEM_BYTES_GUESS = 1_024;

const isWhole = (request: Json): boolean =>
  request.ProjectionExpression === undefined && request.AttributesToGet === undefined && request.Select === undefined;

function idOf(input: Json, table: TableRouting): string | null {
  const key = member(input, 'Key');
  const id = isJson(key) ? keyId(key as WireItem, table.keySchema) : null;
  return id?.ok ? id.value : null;
}

function foundItem(body: Buffer, id: string): Found | null {
  const said = decode(body);
  if (said === null) return null;
  const item = member(said, 'Item');
  return new Map([[id, isJson(item) ? (item as WireItem) : null]]);
}

/** Null where the keys are left out, or where a page's bounds rest on an order that was not proven to be the same (R4). */
function foundPage(body: Buffer, call: Call, table: TableRouting): Found | null {
  const said = decode(body);
  const items = said === null ? undefined : member(said, 'Items');
  if (said === null || !Array.isArray(items)) return null;
  const isPart = call.input.ExclusiveStartKey !== undefined || member(said, 'LastEvaluatedKey') !== undefined;
  if (isPart && table.keySchema.sort !== null && !table.sortOrderProven) return null;
  return byKeyId(items, table.keySchema);
}
