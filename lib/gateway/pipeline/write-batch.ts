/**
 * BatchWriteItem (PROTOCOL W2, F7): split by the side that is the truth of each table, sent once to each, merged. What a
 * side left unprocessed was not written and is not mirrored.
 */
import type { WireItem, WireOutcome } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { keyId, keyOf } from '@/lib/domain/item/key';
import { routeWrite } from '@/lib/domain/routing/route';
import { type GatewayAnswer, refusal, withBody } from './answer';
import { type Call, comeAgain, timeoutMsOf } from './context';
import { type Image, REREAD } from './mirror';
import { type Unit, type UnitResult, writeMirrored } from './mirrored';
import { decode, isJson, type Json, member, tableNameOf } from './parse';
import { namedForApplication, namedForStore } from './rename';
import { answerOf } from './respond';
import type { Side, Store } from './stores';
import { unnamedWritten } from './unnamed-keys';

const ENTRIES_MAX = 25;

interface Part {
  side: Side;
  /** As the application named them: table → entries. */
  items: Json;
  /** Null: passes through to the source. */
  tables: (TableRouting | null)[];
  units: Unit[];
  images: Image[];
  isMirrored: boolean;
  /** Mirrored tables with an entry whose key cannot be named. */
  unnamed: Set<TableRouting>;
}

export async function writeBatch(call: Call): Promise<GatewayAnswer> {
  const items = member(call.input, 'RequestItems');
  if (!isJson(items)) return await whole(call);
  const parts = split(call, items);
  if ('answer' in parts) return parts.answer;
  if (parts.length > 1) {
    const entries = Object.values(items).reduce((sum: number, one) => sum + (Array.isArray(one) ? one.length : 0), 0);
    if (entries > ENTRIES_MAX)
      return refusal('ValidationException', 'Too many items requested for the BatchWriteItem call');
  }
  const answers = await Promise.all(parts.map((part) => writePart(call, part, parts.length === 1)));
  return merged(parts, answers);
}

const whole = async (call: Call): Promise<GatewayAnswer> => {
  const store = call.parts.stores.source();
  return answerOf(await store.wire.send(call.request));
};

function split(call: Call, items: Json): Part[] | { answer: GatewayAnswer } {
  const parts = new Map<string, Part>();
  for (const [name, entries] of Object.entries(items)) {
    const table = call.view.byName.get(tableNameOf(name)) ?? null;
    const route = table === null ? null : routeWrite(table, call.parts.safeguards);
    if (table !== null && (route?.kind === 'wait' || route?.kind === 'refuse')) return { answer: comeAgain(table) };
    const side = route?.kind === 'single' || route?.kind === 'mirrored' ? route.authority : 'source';
    const store = table === null ? call.parts.stores.source() : call.parts.stores.side(table, side);
    const id = store.wire.target.connectionId;
    const part = parts.get(id) ?? {
      side,
      items: {},
      tables: [],
      units: [],
      images: [],
      isMirrored: false,
      unnamed: new Set(),
    };
    parts.set(id, part);
    part.items[name] = entries;
    part.tables.push(table);
    if (table === null || route?.kind !== 'mirrored' || !Array.isArray(entries)) continue;
    part.isMirrored = true;
    addUnits(part, table, entries);
  }
  return [...parts.values()];
}

function addUnits(part: Part, table: TableRouting, entries: readonly unknown[]): void {
  for (const entry of entries) {
    const put = isJson(entry) && isJson(entry.PutRequest) ? entry.PutRequest.Item : undefined;
    const del = isJson(entry) && isJson(entry.DeleteRequest) ? entry.DeleteRequest.Key : undefined;
    const from = put ?? del;
    const key = isJson(from) ? keyOf(from as WireItem, table.keySchema) : null;
    const id = key?.ok ? keyId(key.value, table.keySchema) : null;
    // An entry without a key of the table: the store refuses the batch whole.
    if (!key?.ok || !id?.ok) {
      part.unnamed.add(table);
      continue;
    }
    const twice = part.units.findIndex((unit) => unit.table === table && unit.keyId === id.value);
    if (twice !== -1) {
      // Refused by a store, which entry won by one that does not refuse it nobody can tell.
      part.images[twice] = REREAD;
      continue;
    }
    part.units.push({ table, keyId: id.value, key: key.value });
    part.images.push(put === undefined ? null : (put as WireItem));
  }
}

async function writePart(call: Call, part: Part, isOnly: boolean): Promise<GatewayAnswer> {
  if (!part.isMirrored || part.units.length === 0) {
    const { answer, outcome } = await sendPart(call, part, isOnly);
    await unnamedWritten(call, [...part.unnamed], outcome);
    return answer;
  }
  return await writeMirrored(call, {
    units: part.units,
    authority: part.side,
    foretold: part.images,
    send: async () => {
      const { answer, outcome } = await sendPart(call, part, isOnly);
      await unnamedWritten(call, [...part.unnamed], outcome);
      return { answer, results: resultsOf(part, outcome, answer) };
    },
  });
}

function resultsOf(part: Part, outcome: WireOutcome, answer: GatewayAnswer): UnitResult[] {
  if (outcome.kind === 'refused') return part.units.map(() => 'none');
  const said = outcome.kind === 'ok' ? decode(answer.body) : null;
  const left = said === null ? null : leftKeys(part, said);
  if (left === null) return part.units.map(() => 'unknown');
  return part.units.map((unit, at) =>
    left.has(`${unit.table.planTableId}\n${unit.keyId}`) ? 'none' : { image: part.images[at] as Image },
  );
}

/** Keys that were left unprocessed; null where the answer cannot be read. */
function leftKeys(part: Part, said: Json): Set<string> | null {
  const unprocessed = member(said, 'UnprocessedItems');
  if (!isJson(unprocessed)) return null;
  const left: Part = { ...part, units: [], images: [] };
  for (const [name, entries] of Object.entries(unprocessed)) {
    const table = part.tables.find((one) => one !== null && one.tableName === tableNameOf(name));
    if (!Array.isArray(entries)) return null;
    if (table) addUnits(left, table, entries);
  }
  return new Set(left.units.map((unit) => `${unit.table.planTableId}\n${unit.keyId}`));
}

async function sendPart(
  call: Call,
  part: Part,
  isOnly: boolean,
): Promise<{ answer: GatewayAnswer; outcome: WireOutcome }> {
  const { stores } = call.parts;
  const known = part.tables.filter((table) => table !== null);
  const first = known[0];
  const store: Store = first === undefined ? stores.source() : stores.side(first, part.side);
  const toStore = new Map<string, string>();
  const toApplication = new Map<string, string>();
  for (const name of Object.keys(part.items)) {
    const table = call.view.byName.get(tableNameOf(name));
    const there = table === undefined ? name : (stores.side(table, part.side).tableName ?? table.tableName);
    if (there === name || (store.kind === 'dynamodb' && name.startsWith('arn:'))) continue;
    toStore.set(name, there);
    toApplication.set(there, name);
  }
  const named = Object.keys(part.items);
  if (new Set(named.map((name) => toStore.get(name) ?? name)).size < named.length) return namedTwice(named);
  const isSame = isOnly && toStore.size === 0;
  const { request } = call;
  const bytes = isOnly ? request.body : Buffer.from(JSON.stringify({ ...call.input, RequestItems: part.items }));
  const timeoutMs = Math.max(0, ...known.map(timeoutMsOf)) || undefined;
  const startedAt = call.parts.clock.monotonicMs();
  const outcome = await store.wire.send({
    operation: request.operation,
    target: request.target,
    body: namedForStore(bytes, toStore),
    payloadHash: isSame ? request.payloadHash : undefined,
    timeoutMs,
  });
  for (const table of known) {
    call.view.traffic(table.planTableId).took(part.side, call.parts.clock.monotonicMs() - startedAt);
    if (outcome.kind === 'unknown') {
      call.view.traffic(table.planTableId).add(part.side === 'source' ? 'sourceErrors' : 'targetErrors');
    }
  }
  const answer = answerOf(outcome);
  if (outcome.kind !== 'ok' || toApplication.size === 0) return { answer, outcome };
  return { answer: withBody(answer, namedForApplication(outcome.body, toApplication)), outcome };
}

/** One answer of several: what a throttled side did not take is unprocessed, any other failure is the whole's. */
function merged(parts: readonly Part[], answers: readonly GatewayAnswer[]): GatewayAnswer {
  if (answers.length === 1) return answers[0] as GatewayAnswer;
  const isThrottled = (answer: GatewayAnswer) => answer.status === 400 && /Throttl|Throughput/.test(errorOf(answer));
  const failed = answers.find((answer) => answer.status !== 200 && !isThrottled(answer));
  if (failed) return failed;
  const unprocessed: Json = {};
  const consumed: unknown[] = [];
  const metrics: Json = {};
  let base: GatewayAnswer | null = null;
  for (const [at, answer] of answers.entries()) {
    if (answer.status !== 200) Object.assign(unprocessed, (parts[at] as Part).items);
    else {
      base ??= answer;
      const said = decode(answer.body) ?? {};
      if (isJson(said.UnprocessedItems)) Object.assign(unprocessed, said.UnprocessedItems);
      if (Array.isArray(said.ConsumedCapacity)) consumed.push(...said.ConsumedCapacity);
      if (isJson(said.ItemCollectionMetrics)) Object.assign(metrics, said.ItemCollectionMetrics);
    }
  }
  if (base === null) return answers[0] as GatewayAnswer;
  const said: Json = { UnprocessedItems: unprocessed };
  if (consumed.length > 0) said.ConsumedCapacity = consumed;
  if (Object.keys(metrics).length > 0) said.ItemCollectionMetrics = metrics;
  return withBody(base, Buffer.from(JSON.stringify(said)));
}

const errorOf = (answer: GatewayAnswer): string => {
  const type = decode(answer.body)?.__type;
  return typeof type === 'string' ? type : '';
};

/** By its name and by its ARN, where the store knows one name alone: one of the two would be lost. */
function namedTwice(names: readonly string[]): { answer: GatewayAnswer; outcome: WireOutcome } {
  const message = `The request names one table as ${names.join(' and as ')}`;
  const answer = refusal('ValidationException', message);
  const refused = { ...answer, errorType: 'ValidationException', message, retryAfterMs: null };
  return { answer, outcome: { kind: 'refused', ...refused } };
}
