import { DEAD_LETTERS_MAX, type DeadLetterRow, readDeadLetters } from '@/db/queries/dead-letter';
import { loadWorkTable, type WorkTable } from '@/db/queries/run';
import { getItem } from '@/lib/adapters/dynamodb/items';
import type { DeadLetterItemView, DeadLettersView, DeadLetterView } from '@/lib/contracts/views';
import { AppError } from '@/lib/domain/errors';
import type { WireItem } from '@/lib/domain/item/item';
import { keyFromId } from '@/lib/domain/item/key';
import { formNote } from '@/lib/domain/mapping/check';
import { mapItem } from '@/lib/domain/mapping/mapping';
import type { Actor, ServiceContext } from '../context';
import { storeTarget } from '../stores';
import { loadFacts } from '../table/facts';
import { itemRows } from './mismatch-view';
import { hasRole, requireRole } from './require-role';
import { sayKey } from './say-key';

const READ_MS_MAX = 3_000;

/** Dirty keys of a table that the follower refuses for good; keys in words for operators. @throws `table.not_found` */
export async function deadLettersView(ctx: ServiceContext, actor: Actor, tableId: string): Promise<DeadLettersView> {
  requireRole(actor, 'viewer');
  const [loaded, rows] = await Promise.all([
    loadFacts(ctx, ctx.db, { planTableId: tableId }),
    readDeadLetters(ctx.sql, { planTableId: tableId }),
  ]);
  const table = await loadWorkTable(ctx.sql, tableId);
  if (!loaded || !table) throw new AppError('table.not_found', `There is no table ${tableId.slice(0, 60)}.`);
  const mayReadValues = hasRole(actor, 'operator');
  return {
    letters: rows.map((row) => toLetter(row, mayReadValues)),
    max: DEAD_LETTERS_MAX,
    count: loaded.facts.dirty.dead,
    parked: loaded.facts.dirty.parked,
    follower: table.authority === 'source' ? 'target' : 'source',
  };
}

/**
 * One dead letter with both images as the stores have them now, read consistently; values are for operators.
 * @throws AppError `table.not_found`, `dirty.not_dead`, `connection.unreachable` where a side does not answer
 */
export async function deadLetterView(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string; id: string },
): Promise<DeadLetterItemView> {
  requireRole(actor, 'viewer');
  const table = await loadWorkTable(ctx.sql, input.tableId);
  if (!table) throw new AppError('table.not_found', `There is no table ${input.tableId.slice(0, 60)}.`);
  const [row] = await readDeadLetters(ctx.sql, { planTableId: input.tableId, ids: [input.id] });
  if (!row) throw new AppError('dirty.not_dead', 'It is no dead letter any more: it was settled, or written anew.');
  const [source, target] = await Promise.all([
    imageOn(ctx, { table, keyId: row.keyId, side: 'source' }),
    imageOn(ctx, { table, keyId: row.keyId, side: 'target' }),
  ]);
  const mayReadValues = hasRole(actor, 'operator');
  return {
    ...toLetter(row, mayReadValues),
    masked: !mayReadValues,
    formNote: formNote(table.mappings, 'target'),
    readAt: new Date(ctx.clock.nowMs()).toISOString(),
    rows: itemRows(source && mapItem(source, table.mappings), target, mayReadValues),
  };
}

async function imageOn(
  ctx: ServiceContext,
  ask: { table: WorkTable; keyId: string; side: 'source' | 'target' },
): Promise<WireItem | null> {
  const { table, keyId, side } = ask;
  const connectionId = side === 'source' ? table.sourceConnectionId : table.targetConnectionId;
  const wire = ctx.makeWire(await storeTarget(ctx, { connectionId, timeoutMs: READ_MS_MAX }));
  try {
    const name = side === 'source' ? table.tableName : table.targetName;
    const answer = await getItem(wire, { table: name, key: keyFromId(keyId, table.schema) });
    if (answer.kind === 'ok') return answer.value;
    const says = answer.kind === 'refused' ? answer.errorType : 'no answer';
    const where = side === 'source' ? 'DynamoDB' : 'TerraScale';
    throw new AppError('connection.unreachable', `The item could not be read from ${where}: ${says}.`);
  } finally {
    void wire.close().catch(() => {});
  }
}

const toLetter = (row: DeadLetterRow, mayReadValues: boolean): DeadLetterView => ({
  id: row.id,
  key: sayKey(row.keyId, mayReadValues),
  cause: row.cause,
  errorType: row.errorType,
  // The store's words may quote a value.
  reason: mayReadValues ? row.reason : '',
  attempts: row.attempts,
  firstSeenAt: row.firstSeenAt.toISOString(),
  deadAt: row.deadAt.toISOString(),
  parked:
    row.parkedAt === null
      ? null
      : { by: row.parkedBy ?? '', reason: row.parkedReason ?? '', at: row.parkedAt.toISOString() },
});
