/** PutItem, UpdateItem and DeleteItem on a table under a plan (PROTOCOL W1, W2). */
import type { WireItem, WireOutcome } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { keyId, keyOf } from '@/lib/domain/item/key';
import { routeWrite } from '@/lib/domain/routing/route';
import { type GatewayAnswer, withBody } from './answer';
import { ask, type Call, comeAgain } from './context';
import { type Image, REREAD } from './mirror';
import { failureOf, type Unit, type UnitResult, writeMirrored } from './mirrored';
import { decode, isJson, type Json, member } from './parse';
import { bodyFor, namedBack } from './rename';
import { answerOf } from './respond';
import type { Side, Store } from './stores';

export async function writeOne(call: Call, table: TableRouting): Promise<GatewayAnswer> {
  const route = routeWrite(table, call.parts.safeguards);
  if (route.kind === 'wait' || route.kind === 'refuse') return comeAgain(table);
  const side = route.authority;
  const unit = route.kind === 'mirrored' ? unitOf(call, table) : null;
  if (unit === null) {
    // One side, or a key that no store accepts: its refusal is the answer.
    call.view.traffic(table.planTableId).add('writes');
    return (await sendOne(call, table, { side, isImageWanted: false })).answer;
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
  const asked = member(call.input, 'ReturnValues');
  const isUpdate = call.request.operation === 'UpdateItem' && of.isImageWanted && call.parts.safeguards.images;
  const isAdded = isUpdate && (asked === undefined || asked === 'NONE');
  const changes = isAdded ? { ReturnValues: 'ALL_NEW' } : undefined;
  const outcome = await ask(call, { table, side: of.side }, bodyFor(store, call.input, { table, changes }));
  const answer = answerOf(outcome, store.kind);
  const isRead = isAdded || (isUpdate && asked === 'ALL_NEW') || store.tableName !== null;
  if (outcome.kind !== 'ok' || !isRead) return { answer, outcome, attributes: null };
  return rewritten(outcome, { store, table, answer, isAdded, isUpdate });
}

/** Takes the image out of an answer that was asked for it, and gives the application what it asked for itself. */
function rewritten(
  outcome: Extract<WireOutcome, { kind: 'ok' }>,
  of: { store: Store; table: TableRouting; answer: GatewayAnswer; isAdded: boolean; isUpdate: boolean },
): Sent {
  const decoded = decode(outcome.body);
  if (decoded === null) return { answer: of.answer, outcome, attributes: null };
  const found = member(decoded, 'Attributes');
  const attributes = of.isUpdate && isJson(found) ? (found as WireItem) : null;
  let said: Json = decoded;
  if (of.isAdded) {
    const { Attributes: _, ...rest } = decoded;
    said = rest;
  }
  if (of.store.tableName !== null) said = namedBack(said, new Map([[of.store.tableName, of.table.tableName]]));
  return { answer: said === decoded ? of.answer : withBody(of.answer, said), outcome, attributes };
}
