import { readConnection, readTablesInUse } from '@/db/queries/connection/connections';
import { describeTable, describeTimeToLive, listTables, type TableDescription } from '@/lib/adapters/dynamodb/tables';
import type { StoreWire } from '@/lib/adapters/ports';
import type { DiscoveredTableView } from '@/lib/contracts/views';
import { AppError } from '@/lib/domain/errors';
import type { Actor, ServiceContext } from '../context';
import { requireRole } from '../view/require-role';
import { storeTargetOf } from './credentials';
import { PROBE_MS_MAX } from './probe';
import { sayTrouble, verdictOf } from './trouble';

/** Tables described for one screen; beyond it a name is typed. */
export const DISCOVERED_MAX = 300;
const AT_ONCE = 8;
const WHOLE_MS_MAX = 20_000;

/**
 * Tables of a store with their keys, sizes, indexes, streams and TTL, asked live. Empty where the key may not list them:
 * then names are typed. @throws AppError `connection.not_found`, `connection.unreachable`, `connection.key_refused`
 */
export async function discoverTables(
  ctx: ServiceContext,
  actor: Actor,
  input: { connectionId: string },
): Promise<DiscoveredTableView[]> {
  requireRole(actor, 'viewer');
  const row = await readConnection(ctx.db, input.connectionId);
  if (!row) throw new AppError('connection.not_found', 'There is no such connection.');
  const wire = ctx.makeWire(storeTargetOf(ctx, row, PROBE_MS_MAX));
  try {
    const names = await namesOf(wire, row.name);
    const used = new Map((await readTablesInUse(ctx.sql, row.id)).map((one) => [one.name, one.planName]));
    const deadlineMs = ctx.clock.monotonicMs() + WHOLE_MS_MAX;
    const found: DiscoveredTableView[] = [];
    for (let at = 0; at < names.length && ctx.clock.monotonicMs() < deadlineMs; at += AT_ONCE) {
      const some = await Promise.all(names.slice(at, at + AT_ONCE).map((name) => describe(wire, name)));
      for (const one of some) if (one) found.push({ ...one, usedBy: used.get(one.name) ?? null });
    }
    return found;
  } finally {
    await wire.close();
  }
}

async function namesOf(wire: StoreWire, connectionName: string): Promise<string[]> {
  const answer = await listTables(wire);
  if (answer.kind === 'ok') return answer.value.tables.slice(0, DISCOVERED_MAX);
  const verdict = verdictOf(answer);
  const sentence = `${connectionName}: ${sayTrouble(answer)}.`;
  if (verdict === 'key_refused')
    throw new AppError('connection.key_refused', { sentence, fields: { accessKeyId: sentence } });
  if (verdict === 'unreachable' || verdict === 'not_a_store' || verdict === 'throttled')
    throw new AppError('connection.unreachable', { sentence, fields: { endpoint: sentence } });
  return [];
}

async function describe(wire: StoreWire, name: string): Promise<DiscoveredTableView | null> {
  const [table, ttl] = await Promise.all([describeTable(wire, name), describeTimeToLive(wire, name)]);
  if (table.kind !== 'ok') return null;
  return { ...shapeOf(table.value), ttlAttribute: ttl.kind === 'ok' ? ttl.value : null, usedBy: null };
}

/** What screens and plans keep of a description. */
export const shapeOf = (table: TableDescription) => ({
  name: table.name,
  itemCount: table.itemCount,
  sizeBytes: table.sizeBytes,
  keySchema: table.key,
  indexes: table.indexes.map(({ name, kind }) => ({ name, kind })),
  streamView: table.stream?.isEnabled ? table.stream.view : null,
});
