/** PutItem, UpdateItem and DeleteItem on a table under a plan (PROTOCOL W1, W2). */
import type { WireItem, WireOutcome } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { keyId, keyOf } from '@/lib/domain/item/key';
import { routeWrite } from '@/lib/domain/routing/route';
import { type GatewayAnswer, withBody } from './answer';
import { account, begin, type Call, comeAgain, type Through } from './context';
import { edited, removeEdits, setEdits, whole } from './json-bytes';
import { type Image, REREAD } from './mirror';
import { failureOf, type Unit, type UnitResult, writeMirrored } from './mirrored';
import { decode, isJson, type Json, member } from './parse';
import { answerFrom } from './read-one';
import { bodyFor, namedForApplication } from './rename';
import { answerOf } from './respond';
import type { Side } from './stores';
import { unnamedWritten } from './unnamed-keys';

export function writeOne(call: Call, table: TableRouting): Promise<GatewayAnswer> {
  const route = routeWrite(table, call.parts.safeguards);
  if (route.kind !== 'mirrored') return writeThrough(call, table);
  return toBoth(call, table, route.authority);
}

/** One side is written, and nothing is to be done after its answer. No async function: see `readOne`. */
export function writeThrough(call: Through, table: TableRouting): Promise<GatewayAnswer> {
  const { clock, stores, safeguards } = call.parts;
  const route = routeWrite(table, safeguards);
  if (route.kind !== 'single') return Promise.resolve(comeAgain(table));
  const side = route.authority;
  const store = stores.side(table, side);
  const where = { table, side };
  const body = bodyFor(store, call.request.body, { table });
  call.view.traffic(table.planTableId).add('writes');
  const startedAt = clock.monotonicMs();
  return begin(call, where, body).then((outcome) => {
    account(call, where, { outcome, tookMs: clock.monotonicMs() - startedAt });
    return answerFrom(table, store, outcome);
  });
}

async function toBoth(call: Call, table: TableRouting, side: Side): Promise<GatewayAnswer> {
  const unit = unitOf(call, table);
  if (unit === null) {
    // A key that no store accepts: its refusal is the answer.
    call.view.traffic(table.planTableId).add('writes');
    const { answer, outcome } = await sendOne(call, table, { side, isImageWanted: false });
    await unnamedWritten(call, [table], outcome);
    return answer;
  }
  const { operation } = call.request;
  const foretold = foretoldImage(operation, call.input);
  return await writeMirrored(call, {
    units: [unit],
    authority: side,
    foretold: [foretold],
    expression: { operation, body: call.request.body },
    send: async () => {
      const { answer, outcome, attributes } = await sendOne(call, table, { side, isImageWanted: true });
      if (outcome.kind !== 'ok') return { answer, results: [failureOf(outcome)] };
      const image: Image = operation === 'UpdateItem' ? (attributes ?? REREAD) : foretold;
      const result: UnitResult = { image };
      return { answer, results: [result] };
    },
  });
}

function unitOf(call: Call, table: TableRouting): Unit | null {
  const from = member(call.input, call.request.operation === 'PutItem' ? 'Item' : 'Key');
  if (!isJson(from)) return null;
  const key = keyOf(from as WireItem, table.keySchema);
  if (!key.ok) return null;
  const id = keyId(key.value, table.keySchema);
  return id.ok ? { table, keyId: id.value, key: key.value } : null;
}

const foretoldImage = (operation: string, input: Json): Image =>
  operation === 'PutItem' ? (input.Item as WireItem) : operation === 'DeleteItem' ? null : REREAD;

interface Sent {
  answer: GatewayAnswer;
  outcome: WireOutcome;
  /** The item after an update, where the answer has it. */
  attributes: WireItem | null;
}

async function sendOne(call: Call, table: TableRouting, of: { side: Side; isImageWanted: boolean }): Promise<Sent> {
  const store = call.parts.stores.side(table, of.side);
  const { body } = call.request;
  const asked = member(call.input, 'ReturnValues') ?? 'NONE';
  const isUpdate = call.request.operation === 'UpdateItem' && of.isImageWanted && call.parts.safeguards.images;
  const isAdded = isUpdate && asked === 'NONE';
  const edits = isAdded ? setEdits(body, whole(body), { name: 'ReturnValues', text: '"ALL_NEW"' }) : [];
  const where = { table, side: of.side };
  const startedAt = call.parts.clock.monotonicMs();
  const outcome = await begin(call, where, bodyFor(store, body, { table, edits }));
  account(call, where, { outcome, tookMs: call.parts.clock.monotonicMs() - startedAt });
  const answer = answerOf(outcome);
  if (outcome.kind !== 'ok') return { answer, outcome, attributes: null };
  const said = isAdded || (isUpdate && asked === 'ALL_NEW') ? decode(outcome.body) : null;
  const found = said === null ? undefined : member(said, 'Attributes');
  const own = isAdded
    ? edited(outcome.body, removeEdits(outcome.body, whole(outcome.body), 'Attributes'))
    : outcome.body;
  const { tableName } = store;
  const named = tableName === null ? own : namedForApplication(own, new Map([[tableName, table.tableName]]));
  return { answer: withBody(answer, named), outcome, attributes: isJson(found) ? (found as WireItem) : null };
}
