/** GetItem, Query and Scan on a table under a plan (PROTOCOL section 5). */
import type { WireItem, WireOutcome } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { keyId, partitionUnit } from '@/lib/domain/item/key';
import type { ReadFacts, ReadRoute } from '@/lib/domain/routing/route';
import { type GatewayAnswer, refusal, withBody } from './answer';
import { account, ask, begin, type Call, sparedRead, type Through } from './context';
import { partitionOf } from './key-condition';
import { filtersMapped } from './mapped-names';
import { decode, isJson, member } from './parse';
import { cannotRead, isKeyDirty, isPartitionDirty, markMissed, mayFallBackNow, route } from './reads';
import { bodyFor, namedForApplication } from './rename';
import { answerOf } from './respond';
import { markOf, mayChangeStore, unmarkEdits, withMark } from './scan-cursor';
import type { Side, Store } from './stores';

type Sides = Extract<ReadRoute, { store: Side }>;

/** No async function, as most reads pass here: one costs each of them more than all that is decided. */
export function readOne(call: Call, table: TableRouting): Promise<GatewayAnswer> {
  const decision = route(call, table, factsOf(call, table));
  if (decision.store === null) {
    call.view.traffic(table.planTableId).add('readsUnroutable');
    return Promise.resolve(cannotRead(table, decision.sentence));
  }
  if (call.request.operation === 'Scan' && call.input.IndexName == null) return scan(call, table, decision);
  const spared = decision.fallback ? sparedRead(call, table, decision.store) : null;
  if (spared !== null) return readAnswered(call, table, { decision, outcome: spared, tookMs: 0 });
  const { clock, stores } = call.parts;
  const where = { table, side: decision.store };
  const body = bodyFor(stores.side(table, decision.store), call.request.body, { table });
  const startedAt = clock.monotonicMs();
  return begin(call, where, body).then((outcome) => {
    const tookMs = clock.monotonicMs() - startedAt;
    account(call, where, { outcome, tookMs });
    if (decision.fallback) return readAnswered(call, table, { decision, outcome, tookMs });
    return readServed(call, table, { decision, outcome, tookMs });
  });
}

/** Every read of the table is the source's, and nothing is to be done after its answer. */
export function readThrough(call: Through, table: TableRouting): Promise<GatewayAnswer> {
  const { clock, stores } = call.parts;
  const store = stores.side(table, 'source');
  const where = { table, side: 'source' } as const;
  const startedAt = clock.monotonicMs();
  return begin(call, where, bodyFor(store, call.request.body, { table })).then((outcome) => {
    account(call, where, { outcome, tookMs: clock.monotonicMs() - startedAt });
    const answer = answerFrom(table, store, outcome);
    const traffic = call.view.traffic(table.planTableId);
    traffic.add('readsSource');
    if (answer.status >= 500) traffic.add('userErrors');
    return answer;
  });
}

interface Answered {
  decision: Sides;
  outcome: WireOutcome;
  tookMs: number;
}

/** Of the target, while the source is the authority: what it does not answer, or does not have, the source is asked. */
async function readAnswered(call: Call, table: TableRouting, of: Answered): Promise<GatewayAnswer> {
  const { decision, outcome } = of;
  const isMissing = outcome.kind === 'ok' && hasNothing(call.request.operation, outcome.body);
  if ((outcome.kind !== 'ok' || isMissing) && mayFallBackNow(call, table)) {
    const store = call.parts.stores.side(table, decision.store);
    return await fallBack(call, table, { decision, store, outcome, isMissing });
  }
  return readServed(call, table, of);
}

function readServed(call: Call, table: TableRouting, { decision, outcome, tookMs }: Answered): GatewayAnswer {
  const answer = answerFrom(table, call.parts.stores.side(table, decision.store), outcome);
  const traffic = call.view.traffic(table.planTableId);
  traffic.add(decision.count);
  if (answer.status >= 500) traffic.add('userErrors');
  call.parts.shadow.answered(call, table, { side: decision.store, outcome, tookMs });
  return answer;
}

function factsOf(call: Call, table: TableRouting): ReadFacts {
  const { input, request } = call;
  const isStrong = input.ConsistentRead === true;
  if (input.IndexName != null) return { kind: 'index', unit: null, isStrong, isDirty: () => true };
  // A condition on a mapped attribute means the source's form of it: it is answered there (as a Scan is).
  if (filtersMapped(input, table.mappings)) return { kind: 'scan', unit: null, isStrong, isDirty: () => true };
  if (request.operation === 'Scan') return { kind: 'scan', unit: null, isStrong, isDirty: () => true };
  if (request.operation === 'Query') {
    const unit = partitionOf(input, table.keySchema);
    return { kind: 'partition', unit, isStrong, isDirty: () => unit === null || isPartitionDirty(call, table, unit) };
  }
  return keyFacts(call, table, { key: member(input, 'Key'), isStrong });
}

/** Facts of a read of one key; one that is no key of the table is the source's to refuse. */
export function keyFacts(call: Call, table: TableRouting, of: { key: unknown; isStrong: boolean }): ReadFacts {
  const key = isJson(of.key) ? (of.key as WireItem) : null;
  const unit = key === null ? null : partitionUnit(key, table.keySchema);
  return new KeyFacts(call, table, { key, unit: unit?.ok ? unit.value : null, isStrong: of.isStrong });
}

/** A class, because a function made for each read costs more than the read's decision. */
class KeyFacts implements ReadFacts {
  readonly kind = 'key';
  readonly unit: string | null;
  readonly isStrong: boolean;
  readonly #key: WireItem | null;

  constructor(
    private readonly call: Call,
    private readonly table: TableRouting,
    of: { key: WireItem | null; unit: string | null; isStrong: boolean },
  ) {
    this.unit = of.unit;
    this.isStrong = of.isStrong;
    this.#key = of.key;
  }

  isDirty(): boolean {
    const id = this.#key === null ? null : keyId(this.#key, this.table.keySchema);
    return !id?.ok || isKeyDirty(this.call, this.table, id.value);
  }
}

/** What a store said, under the application's name of the table. */
export function answerFrom(table: TableRouting, { tableName }: Store, outcome: WireOutcome): GatewayAnswer {
  const answer = answerOf(outcome);
  if (tableName === null || outcome.kind !== 'ok') return answer;
  return withBody(answer, namedForApplication(outcome.body, new Map([[tableName, table.tableName]])));
}

/** What the target does not answer, or does not have, the source is asked (R5), while it is the authority. */
async function fallBack(
  call: Call,
  table: TableRouting,
  of: { decision: Sides; store: Store; outcome: WireOutcome; isMissing: boolean },
): Promise<GatewayAnswer> {
  const { decision, isMissing } = of;
  const { operation } = call.request;
  const traffic = call.view.traffic(table.planTableId);
  const source = call.parts.stores.side(table, 'source');
  const second = await ask(call, { table, side: 'source' }, bodyFor(source, call.request.body, { table }));
  const hasIt = second.kind === 'ok' && !hasNothing(operation, second.body);
  if (isMissing && !hasIt) {
    // Neither has it: the target's answer was right.
    traffic.add(decision.count);
    return answerFrom(table, of.store, of.outcome);
  }
  traffic.add(isMissing ? 'readsFallbackMissing' : 'readsFallbackError');
  if (isMissing) markMissed(call, table, missedIn(call, second));
  const answer = answerFrom(table, source, second);
  if (answer.status >= 500) traffic.add('userErrors');
  return answer;
}

const hasNothing = (operation: string, body: Buffer): boolean =>
  operation === 'GetItem' ? hasNoItem(body) : hasNoItems(body);

/** An answer without an item is short, and only a short one is parsed. */
const SHORT_BYTES_MAX = 512;
function hasNoItem(body: Buffer): boolean {
  if (body.length > SHORT_BYTES_MAX) return false;
  const said = decode(body);
  return said !== null && member(said, 'Item') === undefined;
}

function hasNoItems(body: Buffer): boolean {
  if (body.length > SHORT_BYTES_MAX) return false;
  const said = decode(body);
  return said !== null && said.Count === 0 && member(said, 'LastEvaluatedKey') === undefined;
}

/** What names the keys that the target lacked: a GetItem's own key, or the items of the source's page. */
function missedIn(call: Call, outcome: WireOutcome): unknown[] {
  if (call.request.operation === 'GetItem') return [call.input.Key];
  const said = outcome.kind === 'ok' ? decode(outcome.body) : null;
  const items = said === null ? undefined : member(said, 'Items');
  return Array.isArray(items) ? items.filter(isJson) : [];
}

/** A scan's cursor is good on one side only, so it carries a mark of it that the application gives back (R4). */
async function scan(call: Call, table: TableRouting, decision: Sides): Promise<GatewayAnswer> {
  const { input, parts, request } = call;
  const cursor = member(input, 'ExclusiveStartKey');
  const from = isJson(cursor) ? markOf(cursor) : null;
  if (from !== null && from !== decision.store) {
    return refusal(
      'ValidationException',
      `${table.tableName} has moved to the other store since this Scan began (plan "${table.planName}"): start it again.`,
    );
  }
  call.view.traffic(table.planTableId).add(decision.count);
  const store = parts.stores.side(table, decision.store);
  const edits = from === null ? [] : unmarkEdits(request.body);
  const outcome = await ask(call, { table, side: decision.store }, bodyFor(store, request.body, { table, edits }));
  const answer = answerOf(outcome);
  if (outcome.kind !== 'ok') return answer;
  const { tableName } = store;
  const named =
    tableName === null ? outcome.body : namedForApplication(outcome.body, new Map([[tableName, table.tableName]]));
  const isMarked = mayChangeStore(table) && parts.marksCursors !== false && named.includes('LastEvaluatedKey');
  return withBody(answer, isMarked ? withMark(named, decision.store) : named);
}
