/** BatchGetItem: keys by the store that each is read from, one request to each store, one answer of both. */

import { THROTTLE_TYPES } from '@/lib/adapters/dynamodb/call';
import type { WireItem, WireOutcome } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import type { KeySchema } from '@/lib/domain/item/item';
import { keyId } from '@/lib/domain/item/key';
import { type GatewayAnswer, refusal, withBody } from './answer';
import { type Call, sparedRead, timeoutMsOf } from './context';
import { type Asked, merged } from './merge-batch';
import { decode, isJson, type Json, member, tableNameOf } from './parse';
import { keyFacts } from './read-one';
import { cannotRead, markMissed, mayFallBackNow, route } from './reads';
import { namedForApplication, namedForStore, turned } from './rename';
import { answerOf } from './respond';
import type { Side, Store } from './stores';

interface PartTable {
  request: Json;
  table: TableRouting | null;
  keys: Json[];
  fallbackKeys: Set<Json>;
}

interface Part {
  store: Store;
  side: Side;
  /** The application's name of a table → its request with these keys alone. */
  items: Map<string, PartTable>;
}

/** DynamoDB's bound on one request: more is the store's to refuse, and must not slip through in two halves. */
const KEYS_MAX = 100;

export async function readBatch(call: Call): Promise<GatewayAnswer> {
  const items = member(call.input, 'RequestItems');
  const asked = isJson(items) ? askedOf(call, items) : null;
  const parts = asked === null || !isSound(asked) ? whole(call) : split(call, asked);
  if ('answer' in parts) return parts.answer;
  const isWhole = parts.length === 1;
  const results = await Promise.all(parts.map(async (part) => sparedPart(call, part) ?? sendPart(call, part, isWhole)));
  for (const [at, part] of parts.entries()) shadow(call, part, results[at] as Result);
  const second = await fallBack(call, parts, results);
  return merged(asked ?? [], [...results.map((one) => one.answer), ...second]);
}

interface AskedOf extends Asked {
  request: Json;
}

function askedOf(call: Call, items: Json): AskedOf[] | null {
  const asked: AskedOf[] = [];
  for (const [name, request] of Object.entries(items)) {
    if (!isJson(request) || !Array.isArray(request.Keys)) return null;
    const table = call.view.byName.get(tableNameOf(name)) ?? null;
    asked.push({ name, request, table, keys: request.Keys as Json[] });
  }
  return asked;
}

/** Whether a store would take the request, as far as that can be told: only such a one may be taken apart. */
function isSound(asked: readonly AskedOf[]): boolean {
  const seen = new Set<string>();
  let count = 0;
  for (const { keys, table, name } of asked) {
    if (keys.length === 0) return false;
    count += keys.length;
    for (const key of table === null ? [] : keys) {
      const id = isJson(key) ? keyId(key as WireItem, table?.keySchema as KeySchema) : null;
      if (!id?.ok || seen.has(`${tableNameOf(name)}\n${id.value}`)) return false;
      seen.add(`${tableNameOf(name)}\n${id.value}`);
    }
  }
  return count > 0 && count <= KEYS_MAX;
}

/** The store whose refusal it will be: the target where every table is read from there, else the source. */
function whole(call: Call): Part[] {
  const items = member(call.input, 'RequestItems');
  const names = isJson(items) ? Object.keys(items) : [];
  const tables = names.map((name) => call.view.byName.get(tableNameOf(name)) ?? null);
  const isTarget = tables.length > 0 && tables.every((table) => table?.reads === 'target');
  const side: Side = isTarget ? 'target' : 'source';
  const store = isTarget ? call.parts.stores.side(tables[0] as TableRouting, 'target') : call.parts.stores.source();
  const all = names.map((name, at): [string, PartTable] => [
    name,
    { request: {}, table: tables[at] ?? null, keys: [], fallbackKeys: new Set() },
  ]);
  return [{ store, side, items: new Map(all) }];
}

function split(call: Call, asked: readonly AskedOf[]): Part[] | { answer: GatewayAnswer } {
  const parts = new Map<string, Part>();
  for (const { name, request, table, keys } of asked) {
    for (const key of keys) {
      let side: Side = 'source';
      let isFallback = false;
      if (table !== null) {
        const decision = route(call, table, keyFacts(call, table, { key, isStrong: request.ConsistentRead === true }));
        if (decision.store === null) return { answer: cannotRead(table, decision.sentence) };
        // A projection may leave the keys out, and then nobody could tell which key the target lacked.
        const isBlind = request.ProjectionExpression !== undefined || request.AttributesToGet !== undefined;
        isFallback = decision.fallback && !isBlind;
        side = decision.fallback && isBlind ? 'source' : decision.store;
        // A key that may yet be asked of the source is counted when it is known who answered.
        if (!isFallback) {
          call.view.traffic(table.planTableId).add(decision.fallback ? 'readsUnroutable' : decision.count);
        }
      }
      const store = table === null ? call.parts.stores.source() : call.parts.stores.side(table, side);
      const id = store.wire.target.connectionId;
      const part = parts.get(id) ?? { store, side, items: new Map() };
      parts.set(id, part);
      const of = part.items.get(name) ?? { request, table, keys: [], fallbackKeys: new Set<Json>() };
      part.items.set(name, of);
      of.keys.push(key);
      if (isFallback) of.fallbackKeys.add(key);
    }
  }
  return [...parts.values()];
}

interface Result {
  answer: GatewayAnswer;
  outcome: WireOutcome;
  tookMs: number;
}

/** Keys that the store has answered for, item or none, may be asked of the other one as well. */
function shadow(call: Call, part: Part, { answer, outcome, tookMs }: Result): void {
  const tables = [...part.items].filter(([, { table }]) => table !== null && table.shadowMilli > 0);
  const said = outcome.kind === 'ok' && tables.length > 0 ? decode(answer.body) : null;
  if (said === null) return;
  for (const [name, of] of tables) {
    const table = of.table as TableRouting;
    const responses = isJson(said.Responses) ? member(said.Responses, name) : undefined;
    const items = Array.isArray(responses) ? responses : [];
    const left = leftOver(said, name, table);
    const found = answeredKeys(said, name, table);
    const keys = of.keys.filter((key) => {
      const id = keyId(key as WireItem, table.keySchema);
      // What the target lacks the source is asked for anyway (R5).
      return id.ok && !left.has(id.value) && (found.has(id.value) || !of.fallbackKeys.has(key));
    });
    call.parts.shadow.answeredBatch(call, table, { side: part.side, request: of.request, keys, items, tookMs });
  }
}

/** Keys of the follower that can all fall back, while it is left alone; null: ask it. */
function sparedPart(call: Call, part: Part): Result | null {
  const items = [...part.items.values()];
  const [first] = items;
  if (
    first?.table == null ||
    first.keys.length === 0 ||
    items.some((of) => of.table === null || of.fallbackKeys.size < of.keys.length)
  )
    return null;
  const outcome = sparedRead(call, first.table, part.side);
  return outcome === null ? null : { outcome, answer: answerOf(outcome), tookMs: 0 };
}

async function sendPart(call: Call, part: Part, isWhole: boolean): Promise<Result> {
  const { request, input, parts } = call;
  const names = new Map<string, string>();
  const items: Json = {};
  let timeoutMs: number | undefined;
  for (const [name, of] of part.items) {
    items[name] = { ...of.request, Keys: of.keys };
    if (of.table === null) continue;
    timeoutMs = Math.max(timeoutMs ?? 0, timeoutMsOf(of.table));
    const there = parts.stores.side(of.table, part.side).tableName ?? of.table.tableName;
    if (there !== name && part.store.kind !== 'dynamodb') names.set(name, there);
    else if (parts.stores.side(of.table, part.side).tableName !== null) names.set(name, there);
  }
  const named = [...part.items.keys()];
  if (new Set(named.map((name) => names.get(name) ?? name)).size < named.length) return namedTwice(named);
  const isSame = isWhole && names.size === 0;
  const bytes = isWhole ? request.body : Buffer.from(JSON.stringify({ ...input, RequestItems: items }));
  const body = namedForStore(bytes, names);
  const startedAt = parts.clock.monotonicMs();
  const { operation, target, payloadHash } = request;
  const outcome = await part.store.wire.send({
    operation,
    target,
    body,
    payloadHash: isSame ? payloadHash : undefined,
    timeoutMs,
  });
  const tookMs = parts.clock.monotonicMs() - startedAt;
  count(call, part, { outcome, tookMs });
  const answer = answerOf(outcome);
  if (outcome.kind !== 'ok' || names.size === 0) return { answer, outcome, tookMs };
  return { answer: withBody(answer, namedForApplication(outcome.body, turned(names))), outcome, tookMs };
}

/** By its name and by its ARN, where the store knows one name alone. */
function namedTwice(names: readonly string[]): Result {
  const message = `The request names one table as ${names.join(' and as ')}`;
  const answer = refusal('ValidationException', message);
  const { status, headers, body } = answer;
  const outcome = { kind: 'refused', status, headers, body, errorType: 'ValidationException', message } as const;
  return { answer, outcome: { ...outcome, retryAfterMs: null }, tookMs: 0 };
}

function count(call: Call, part: Part, of: { outcome: WireOutcome; tookMs: number }): void {
  const { outcome } = of;
  const isTrouble = outcome.kind === 'unknown' || (outcome.kind === 'refused' && THROTTLE_TYPES.has(outcome.errorType));
  for (const { table } of part.items.values()) {
    if (table === null) continue;
    const traffic = call.view.traffic(table.planTableId);
    traffic.took(part.side, of.tookMs);
    if (isTrouble) traffic.add(part.side === 'source' ? 'sourceErrors' : 'targetErrors');
  }
}

/** Keys that the target failed on or lacks are asked of the source (R5); what it has is served and marked. */
async function fallBack(call: Call, parts: readonly Part[], results: Result[]): Promise<GatewayAnswer[]> {
  const answers: GatewayAnswer[] = [];
  for (const [at, part] of parts.entries()) {
    const result = results[at] as Result;
    const isFailed = result.outcome.kind !== 'ok';
    const lacking = lackingKeys(call, part, result);
    if (lacking.items.size === 0) continue;
    const second = await sendPart(call, lacking, false);
    for (const [name, of] of lacking.items) book(call, { name, of, second, isFailed });
    // Without the target's part, the source's stands for it.
    if (isFailed && coversAll(part, lacking)) results[at] = second;
    else answers.push(second.answer);
  }
  return answers;
}

const coversAll = (part: Part, lacking: Part): boolean =>
  [...part.items].every(([name, of]) => lacking.items.get(name)?.keys.length === of.keys.length);

function lackingKeys(call: Call, part: Part, result: Result): Part {
  const said = result.outcome.kind === 'ok' ? decode(result.answer.body) : null;
  const lacking: Part = { store: call.parts.stores.source(), side: 'source', items: new Map() };
  for (const [name, of] of part.items) {
    const { table } = of;
    if (table === null || of.fallbackKeys.size === 0) continue;
    const traffic = call.view.traffic(table.planTableId);
    const answered = said === null ? new Set<string>() : answeredKeys(said, name, table);
    const keys = of.keys.filter((key) => {
      if (!of.fallbackKeys.has(key)) return false;
      const id = keyId(key as WireItem, table.keySchema);
      return !(id.ok && answered.has(id.value));
    });
    traffic.add('readsTarget', of.fallbackKeys.size - keys.length);
    if (keys.length === 0) continue;
    if (!mayFallBackNow(call, table)) {
      traffic.add('readsTarget', keys.length);
      continue;
    }
    lacking.store = call.parts.stores.side(table, 'source');
    lacking.items.set(name, { request: of.request, table, keys, fallbackKeys: new Set() });
  }
  return lacking;
}

/** Keys that came back as items or are to be asked for again by the application. */
function answeredKeys(said: Json, name: string, table: TableRouting): Set<string> {
  const responses = isJson(said.Responses) ? member(said.Responses, name) : undefined;
  return new Set([...idsOf(responses, table), ...leftOver(said, name, table)]);
}

/** Keys that the application is to ask for again. */
function leftOver(said: Json, name: string, table: TableRouting): Set<string> {
  const unprocessed = isJson(said.UnprocessedKeys) ? member(said.UnprocessedKeys, name) : undefined;
  return new Set(idsOf(isJson(unprocessed) ? unprocessed.Keys : [], table));
}

function idsOf(items: unknown, table: TableRouting): string[] {
  const ids = (Array.isArray(items) ? items : []).map((one) =>
    isJson(one) ? keyId(one as WireItem, table.keySchema) : null,
  );
  return ids.flatMap((id) => (id?.ok ? [id.value] : []));
}

function book(
  call: Call,
  of: { name: string; of: { table: TableRouting | null; keys: Json[] }; second: Result; isFailed: boolean },
): void {
  const { table, keys } = of.of;
  if (table === null) return;
  const traffic = call.view.traffic(table.planTableId);
  const said = of.second.outcome.kind === 'ok' ? decode(of.second.answer.body) : null;
  const responses = said !== null && isJson(said.Responses) ? member(said.Responses, of.name) : undefined;
  const found = Array.isArray(responses) ? responses : [];
  if (of.isFailed) {
    traffic.add('readsFallbackError', keys.length);
    return;
  }
  traffic.add('readsFallbackMissing', found.length);
  traffic.add('readsTarget', Math.max(0, keys.length - found.length));
  markMissed(call, table, found);
}
