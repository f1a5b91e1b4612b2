/**
 * What is none of the ten operations goes to the source as it is, but for what a plan makes unsafe: PartiQL writes would
 * pass the mirror by, and a table or its TTL must not change under a move.
 */
import type { TableRouting } from '@/lib/contracts/routing';
import { type GatewayAnswer, refusal } from './answer';
import { type Call, comeAgain } from './context';
import { cannotRead, route } from './reads';
import { mayWrite, mentions, statementsIn } from './statements';

const UNSAFE = new Set([
  'DeleteTable',
  'UpdateTimeToLive',
  'RestoreTableFromBackup',
  'ImportTable',
  'CreateGlobalTable',
]);

/** Null: let it pass. */
export function refuseUnsafe(call: Call, tables: readonly TableRouting[]): GatewayAnswer | null {
  if (!UNSAFE.has(call.request.operation)) return null;
  const table = tables.find((one) => one.stage !== 'planned');
  if (table === undefined) return null;
  return refusal(
    'ResourceInUseException',
    `${table.tableName} is being moved by the plan "${table.planName}" (stage ${table.stage}): ${call.request.operation} ` +
      'is refused until the plan ends or is abandoned.',
  );
}

/** PartiQL. Null: let it pass to the source. */
export function refuseStatements(call: Call): GatewayAnswer | null {
  for (const text of statementsIn(call.input)) {
    const isRead = !mayWrite(text);
    for (const table of call.view.snapshot.tables) {
      if (!mentions(text, table.tableName)) continue;
      const refused = isRead ? readRefusal(call, table) : writeRefusal(table);
      if (refused !== null) return refused;
    }
  }
  return null;
}

function writeRefusal(table: TableRouting): GatewayAnswer | null {
  if (table.writes === 'source') return null;
  if (table.writes === 'held' || table.writes === 'refused') return comeAgain(table);
  const why =
    table.authority === 'source'
      ? `while the plan "${table.planName}" moves it, because the write would not reach TerraScale`
      : `since the plan "${table.planName}" has moved it to TerraScale, which knows no PartiQL`;
  return refusal(
    'ValidationException',
    `PartiQL cannot write ${table.tableName} ${why}. Use PutItem, UpdateItem, DeleteItem or their batches.`,
  );
}

function readRefusal(call: Call, table: TableRouting): GatewayAnswer | null {
  const decision = route(call, table, { kind: 'index', unit: null, isStrong: false, isDirty: () => true });
  call.view.traffic(table.planTableId).add('readsUnroutable');
  return decision.store === null ? cannotRead(table, decision.sentence) : null;
}
