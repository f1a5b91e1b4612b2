/** TransactGetItems: with the authority through `shift` (PROTOCOL R3), whole on one side. */
import type { TableRouting } from '@/lib/contracts/routing';
import { type GatewayAnswer, refusal, withBody } from './answer';
import { type Call, timeoutMsOf } from './context';
import { isJson, member, tableNameOf } from './parse';
import { route } from './reads';
import { namedForApplication, namedForStore, turned } from './rename';
import { answerOf } from './respond';
import type { Store } from './stores';

export async function readTransact(call: Call): Promise<GatewayAnswer> {
  const { parts, input, request, view } = call;
  const items = member(input, 'TransactItems');
  let store: Store = parts.stores.source();
  const stores = new Map<string, string>();
  const names = new Map<string, string>();
  const tables = new Set<TableRouting>();
  for (const item of Array.isArray(items) ? items : []) {
    const name = isJson(item) && isJson(item.Get) ? item.Get.TableName : undefined;
    if (typeof name !== 'string') continue;
    const table = view.byName.get(tableNameOf(name));
    const decision = table && route(call, table, { kind: 'key', unit: null, isStrong: true, isDirty: () => true });
    store = table && decision?.store ? parts.stores.side(table, decision.store) : parts.stores.source();
    stores.set(store.wire.target.connectionId, name);
    if (!table) continue;
    tables.add(table);
    if (store.kind !== 'dynamodb' || store.tableName !== null) names.set(name, store.tableName ?? table.tableName);
  }
  for (const table of tables) view.traffic(table.planTableId).add('readsStrong');
  if (stores.size > 1) {
    return refusal(
      'ValidationException',
      `A transaction cannot span DynamoDB and TerraScale: ${[...stores.values()].join(' and ')} live on different sides now.`,
    );
  }
  const isSame = [...names].every(([ours, theirs]) => ours === theirs);
  const timeoutMs = Math.max(0, ...[...tables].map(timeoutMsOf)) || undefined;
  const outcome = await store.wire.send({
    operation: request.operation,
    target: request.target,
    body: isSame ? request.body : namedForStore(request.body, names),
    payloadHash: isSame ? request.payloadHash : undefined,
    timeoutMs,
  });
  const answer = answerOf(outcome);
  if (outcome.kind !== 'ok' || isSame) return answer;
  return withBody(answer, namedForApplication(outcome.body, turned(names)));
}
