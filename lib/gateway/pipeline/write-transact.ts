/**
 * TransactWriteItems (PROTOCOL W2, F7): one side carries it out whole, so tables whose truth lies on different sides are
 * refused; on success its images follow, updates read again.
 */
import type { WireItem, WireOutcome } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { keyId, keyOf } from '@/lib/domain/item/key';
import { routeWrite } from '@/lib/domain/routing/route';
import { type GatewayAnswer, refusal, withBody } from './answer';
import { type Call, comeAgain, timeoutMsOf } from './context';
import { type Image, REREAD } from './mirror';
import { allOf, failureOf, type Unit, writeMirrored } from './mirrored';
import { isJson, type Json, member, tableNameOf } from './parse';
import { namedForApplication, namedForStore, turned } from './rename';
import { answerOf } from './respond';
import type { Side, Store } from './stores';
import { unnamedWritten } from './unnamed-keys';

interface Plan {
  store: Store;
  side: Side;
  units: Unit[];
  images: Image[];
  timeoutMs: number | undefined;
  /** Application's name → store's name, where they differ. */
  names: Map<string, string>;
  /** Mirrored tables with an action whose key cannot be named. */
  unnamed: Set<TableRouting>;
}

export async function writeTransact(call: Call): Promise<GatewayAnswer> {
  const plan = planOf(call);
  if ('answer' in plan) return plan.answer;
  const token = member(call.input, 'ClientRequestToken');
  if (typeof token === 'string') {
    const refused = lookUp(call, plan, token);
    if (refused !== null) return refused;
  }
  const send = async () => {
    const sent = await sendTransact(call, plan, typeof token === 'string' ? token : null);
    await unnamedWritten(call, [...plan.unnamed], sent.outcome);
    return sent;
  };
  if (plan.units.length === 0) return (await send()).answer;
  return await writeMirrored(call, {
    units: plan.units,
    authority: plan.side,
    isTransaction: true,
    foretold: plan.images,
    send: async () => {
      const { answer, outcome } = await send();
      if (outcome.kind !== 'ok') return { answer, results: allOf(plan.units, failureOf(outcome)) };
      return { answer, results: plan.images.map((image) => ({ image })) };
    },
  });
}

/** A token that the other side has seen is answered from memory, or sent away until its outcome is known. */
function lookUp(call: Call, plan: Plan, token: string): GatewayAnswer | null {
  const verdict = call.parts.tokens.look(token, plan.side, call.request.body);
  if (verdict.kind === 'send') return null;
  if (verdict.kind === 'answer') return verdict.answer;
  if (verdict.kind === 'mismatch') {
    return refusal('IdempotentParameterMismatchException', 'The token was used before with other parameters.');
  }
  return refusal('TransactionInProgressException', 'The outcome of this token is not known yet; try again.');
}

const ACTIONS = ['Put', 'Update', 'Delete', 'ConditionCheck'] as const;

function planOf(call: Call): Plan | { answer: GatewayAnswer } {
  const items = member(call.input, 'TransactItems');
  const { stores, safeguards } = call.parts;
  const plan: Plan = {
    store: stores.source(),
    side: 'source',
    units: [],
    images: [],
    timeoutMs: undefined,
    names: new Map(),
    unnamed: new Set(),
  };
  if (!Array.isArray(items)) return plan;
  const seen = new Map<string, string>();
  for (const item of items) {
    const kind = ACTIONS.find((one) => isJson(item) && isJson(item[one]));
    if (kind === undefined) continue;
    const action = (item as Json)[kind] as Json;
    if (typeof action.TableName !== 'string') continue;
    const table = call.view.byName.get(tableNameOf(action.TableName)) ?? null;
    const route = table === null ? null : routeWrite(table, safeguards);
    if (table !== null && (route?.kind === 'wait' || route?.kind === 'refuse')) return { answer: comeAgain(table) };
    const side = route?.kind === 'single' || route?.kind === 'mirrored' ? route.authority : 'source';
    const store = table === null ? stores.source() : stores.side(table, side);
    seen.set(
      store.wire.target.connectionId,
      table === null ? action.TableName : `${table.tableName} (${table.planName})`,
    );
    plan.store = store;
    plan.side = side;
    if (table === null) continue;
    plan.timeoutMs = Math.max(plan.timeoutMs ?? 0, timeoutMsOf(table));
    if (store.kind !== 'dynamodb' || store.tableName !== null) {
      plan.names.set(action.TableName, store.tableName ?? table.tableName);
    }
    if (route?.kind === 'mirrored' && kind !== 'ConditionCheck') addUnit(plan, { table, kind, action });
  }
  return seen.size > 1 ? { answer: acrossSides([...seen.values()]) } : plan;
}

const acrossSides = (tables: string[]): GatewayAnswer =>
  refusal(
    'ValidationException',
    `A transaction cannot span DynamoDB and TerraScale: ${tables.join(' and ')} are written on different sides now.`,
  );

function addUnit(plan: Plan, of: { table: TableRouting; kind: string; action: Json }): void {
  const from = of.kind === 'Put' ? of.action.Item : of.action.Key;
  const key = isJson(from) ? keyOf(from as WireItem, of.table.keySchema) : null;
  const id = key?.ok ? keyId(key.value, of.table.keySchema) : null;
  if (!key?.ok || !id?.ok) {
    plan.unnamed.add(of.table);
    return;
  }
  const twice = plan.units.findIndex((unit) => unit.table === of.table && unit.keyId === id.value);
  if (twice !== -1) {
    // Refused by a store; of one that does not refuse it nobody knows which action won.
    plan.images[twice] = REREAD;
    return;
  }
  plan.units.push({ table: of.table, keyId: id.value, key: key.value });
  plan.images.push(of.kind === 'Put' ? (of.action.Item as WireItem) : of.kind === 'Delete' ? null : REREAD);
}

async function sendTransact(
  call: Call,
  plan: Plan,
  token: string | null,
): Promise<{ answer: GatewayAnswer; outcome: WireOutcome }> {
  const { request, parts } = call;
  const before = token === null ? undefined : parts.tokens.recall(token);
  if (token !== null) parts.tokens.remember(token, { side: plan.side, body: request.body, answer: null });
  const isSame = [...plan.names].every(([ours, theirs]) => ours === theirs);
  const outcome = await plan.store.wire.send({
    operation: request.operation,
    target: request.target,
    body: isSame ? request.body : namedForStore(request.body, plan.names),
    payloadHash: isSame ? request.payloadHash : undefined,
    timeoutMs: plan.timeoutMs,
  });
  let answer = answerOf(outcome);
  if (outcome.kind === 'ok' && !isSame)
    answer = withBody(answer, namedForApplication(outcome.body, turned(plan.names)));
  if (token !== null && outcome.kind === 'refused') parts.tokens.restore(token, before);
  else if (token !== null && outcome.kind === 'ok') {
    parts.tokens.remember(token, { side: plan.side, body: request.body, answer });
  }
  return { answer, outcome };
}
