import type { ConnectionRow } from '@/db/queries/connection/connections';
import { describeTable, describeTimeToLive } from '@/lib/adapters/dynamodb/tables';
import type { StoreWire } from '@/lib/adapters/ports';
import { AppError } from '@/lib/domain/errors';
import { storeTargetOf } from '../connection/credentials';
import { shapeOf } from '../connection/discover-tables';
import { PROBE_MS_MAX } from '../connection/probe';
import { sayTrouble, verdictOf } from '../connection/trouble';
import type { ServiceContext } from '../context';

const AT_ONCE = 8;

export type DescribedTable = ReturnType<typeof shapeOf> & { ttlAttribute: string | null };

/**
 * Describes tables live, in the order asked; the field of a refusal is `tables.<index>.name`.
 * @throws AppError `source.table_not_found`, `connection.unreachable`, `connection.key_refused`
 */
export async function describeTables(
  ctx: ServiceContext,
  source: ConnectionRow,
  names: readonly string[],
): Promise<DescribedTable[]> {
  const wire = ctx.makeWire(storeTargetOf(ctx, source, PROBE_MS_MAX));
  try {
    const found: DescribedTable[] = [];
    for (let at = 0; at < names.length; at += AT_ONCE) {
      const some = names.slice(at, at + AT_ONCE);
      found.push(
        ...(await Promise.all(some.map((name, index) => describeOne(wire, { name, at: at + index, source })))),
      );
    }
    return found;
  } finally {
    await wire.close();
  }
}

async function describeOne(
  wire: StoreWire,
  ask: { name: string; at: number; source: ConnectionRow },
): Promise<DescribedTable> {
  const { name } = ask;
  const [table, ttl] = await Promise.all([describeTable(wire, name), describeTimeToLive(wire, name)]);
  if (table.kind === 'ok') {
    if (table.value.status !== 'ACTIVE' && table.value.status !== 'UPDATING')
      throw notFound(ask, `${name} is not active on ${ask.source.name}: ${table.value.status}.`);
    return { ...shapeOf(table.value), ttlAttribute: ttl.kind === 'ok' ? ttl.value : null };
  }
  const sentence = `${ask.source.name}: ${sayTrouble(table)}.`;
  switch (verdictOf(table)) {
    case 'unreachable':
    case 'not_a_store':
    case 'throttled':
      throw new AppError('connection.unreachable', { sentence, fields: { sourceConnectionId: sentence } });
    case 'key_refused':
      throw new AppError('connection.key_refused', { sentence, fields: { sourceConnectionId: sentence } });
    default:
      throw notFound(ask, `${ask.source.name} has no table ${name} that this key may describe.`);
  }
}

const notFound = (ask: { at: number }, sentence: string): AppError =>
  new AppError('source.table_not_found', {
    sentence: `${sentence} Nothing was changed.`,
    fields: { [`tables.${ask.at}.name`]: sentence },
  });
