/**
 * Whether this gateway is a place to send requests to, as far as its targets go. Before the flip a target that does not
 * answer is no application's business: the source serves. Once a target is the truth of tables, those can be served by
 * nobody without it. A gateway says so at `/ready` when nothing is left that it could serve: while one table's truth is
 * still the source, taking the gateway out of its balancer would turn trouble of a target into errors of tables that do
 * not need it, on every gateway at once.
 *
 * A balancer sends nothing to a gateway that is not ready, so no request would ever be the probe that closes the breaker:
 * the target is asked from here meanwhile, as seldom as its breaker lets through.
 */
import type { TableRouting } from '@/lib/contracts/routing';
import { canaryKey } from '@/lib/domain/routing/canary';
import { timeoutMsOf } from '../pipeline/context';
import type { Store } from '../pipeline/stores';

/** What is asked of the stores of a gateway here. */
export interface AnsweringStores {
  /** Whether the breaker of a target is not closed: its last answers were none. */
  isSilent(targetConnectionId: string): boolean;
  side(table: TableRouting, side: 'source' | 'target'): Store;
}

const NAMED_MAX = 5;

/** Null, or why requests should not be sent here because of a target. */
export function silentTargets(tables: readonly TableRouting[], stores: AnsweringStores): string | null {
  if (tables.length === 0) return null;
  const isServed = (table: TableRouting) => table.authority === 'source' || !stores.isSilent(table.targetConnectionId);
  if (tables.some(isServed)) return null;
  const names = tables.slice(0, NAMED_MAX).map((table) => table.tableName);
  const more = tables.length > NAMED_MAX ? ` and ${tables.length - NAMED_MAX} more` : '';
  return `the target is the truth of ${names.join(', ')}${more} and does not answer`;
}

/** Asks each silent target that is the truth of a table for an item that nobody has; its breaker hears the answer. */
export async function probeTargets(tables: readonly TableRouting[], stores: AnsweringStores): Promise<void> {
  const asked = new Set<string>();
  const probes: Promise<unknown>[] = [];
  for (const table of tables) {
    const id = table.targetConnectionId;
    if (table.authority !== 'target' || asked.has(id) || !stores.isSilent(id)) continue;
    asked.add(id);
    const store = stores.side(table, 'target');
    if (store.admits?.() === false) continue;
    const body = { TableName: store.tableName ?? table.tableName, Key: canaryKey(table.keySchema, 'probe') };
    const timeoutMs = timeoutMsOf(table);
    probes.push(store.wire.send({ operation: 'GetItem', body: JSON.stringify(body), timeoutMs }));
  }
  await Promise.all(probes);
}
