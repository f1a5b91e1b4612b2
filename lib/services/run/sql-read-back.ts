import { eq } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { insertReadBack } from '@/db/queries/sql-read-back';
import { connection } from '@/db/schema';
import { AppError } from '@/lib/domain/errors';
import { SQL_READ_BACK_ITEMS } from '@/lib/domain/run/sql-read-back';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { once } from '../evidence/idempotency';
import { requireRole } from '../view/require-role';
import { lockVerifiable } from './verification';

/**
 * Asks for a look at a random sample of copied keys through the target's SQL; a worker does it. Nothing waits for it.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `table.move_refused` by stage, `sql.not_offered`,
 * `run.already_running`
 */
export async function startSqlReadBack(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string; idempotencyKey: string | null },
): Promise<{ readBackId: string }> {
  requireRole(actor, 'operator');
  return await withTransaction(ctx.db, (tx) => {
    const ask = { key: input.idempotencyKey, action: 'run.sql_read_back', actorId: actor.id, payload: input };
    return once(tx, ask, async () => {
      const table = await lockVerifiable(tx, input.tableId, 'read back');
      const [target] = await tx.select().from(connection).where(eq(connection.id, table.targetConnectionId));
      if (target?.kind !== 'terrascale_rest')
        throw new AppError(
          'sql.not_offered',
          `${target?.name ?? 'The target'} speaks the DynamoDB protocol; SQL stands beside the REST API.`,
        );
      const readBackId = ctx.newId('sqlReadBack');
      const itemsMax = SQL_READ_BACK_ITEMS;
      const row = { id: readBackId, planTableId: table.id, itemsMax, startedBy: actor.name };
      if (!(await insertReadBack(tx, row)))
        throw new AppError('run.already_running', `${table.name} is being read through SQL just now; wait for it.`);
      const sentence = `${table.name}: a look at up to ${itemsMax} copied items through SQL started.`;
      const entry = { planId: table.planId, planTableId: table.id, actor };
      await appendEvent(ctx, tx, { ...entry, kind: 'run.sql_read_back', sentence });
      const detail = { readBackId, itemsMax };
      await appendAudit(ctx, tx, { action: 'run.sql_read_back', actor, subject: table.id, detail });
      return { readBackId };
    });
  });
}
