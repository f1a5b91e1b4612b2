/** What all reads share: whether a key is dirty here, the choice of a store, and marks of what the target missed (R5). */
import type { WireItem } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { keyId, keyOf } from '@/lib/domain/item/key';
import { mayFallBack, type ReadFacts, type ReadRoute, routeRead } from '@/lib/domain/routing/route';
import { type GatewayAnswer, refusal } from './answer';
import type { Call } from './context';

/** Dirty anywhere, as far as this gateway knows, or in flight here (R1). */
export function isKeyDirty(call: Call, table: TableRouting, id: string): boolean {
  const { intents, dirty } = call.parts;
  return intents.find(table.planTableId, id) !== undefined || dirty.hasKey(table, id);
}

export function isPartitionDirty(call: Call, table: TableRouting, unit: string): boolean {
  const { intents, dirty } = call.parts;
  return intents.hasPartition(table.planTableId, unit) || dirty.hasPartition(table, unit);
}

export const route = (call: Call, table: TableRouting, read: ReadFacts): ReadRoute =>
  routeRead(table, read, call.parts.safeguards);

export const cannotRead = (table: TableRouting, sentence: string): GatewayAnswer =>
  refusal('ValidationException', `${table.tableName} (plan "${table.planName}"): ${sentence}.`);

/** Asked again at the moment of falling back, because the authority may have changed since the read began. */
export function mayFallBackNow(call: Call, table: TableRouting): boolean {
  const { views, safeguards } = call.parts;
  const now = views.current?.byId.get(table.planTableId) ?? table;
  return mayFallBack(now, safeguards);
}

/** The source has what the target lacks: the keys are settled, the application is served by the source. */
export function markMissed(call: Call, table: TableRouting, items: readonly unknown[]): void {
  const { intents, marker, safeguards } = call.parts;
  if (!mayFallBack(table, safeguards) || table.writes === 'source') return;
  for (const item of items) {
    const key = keyOf(item as WireItem, table.keySchema);
    const id = key.ok ? keyId(key.value, table.keySchema) : key;
    // A projection may leave the key out; then nobody knows which key it was.
    if (!id.ok || intents.find(table.planTableId, id.value) !== undefined) continue;
    const open = intents.hold(table.planTableId, id.value);
    marker.mark(open, 'read_missed', false);
    intents.end(open);
  }
}
