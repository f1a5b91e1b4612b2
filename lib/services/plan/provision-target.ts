import { createTable } from '@/lib/adapters/dynamodb/tables';
import { sayKeySchema, type TargetProof } from '@/lib/domain/assessment/target-proof';
import { AppError } from '@/lib/domain/errors';
import { storeTargetOf } from '../connection/credentials';
import { PROBE_MS_MAX } from '../connection/probe';
import { proveTarget } from '../connection/prove-target';
import { sayTrouble, verdictOf } from '../connection/trouble';
import type { Actor, ServiceContext } from '../context';
import { requireRole } from '../view/require-role';
import { type Assessed, type AssessedTable, assessTable, requirePlanned } from './assess-table';

/** A new table of a store takes some seconds until it may be used. */
const READY_MS_MAX = 8_000;
const READY_EVERY_MS = 250;

/**
 * Makes the target table where the connection may, proves it by behaviour and assesses the table anew. Nothing is left
 * behind on the target but the table. Safe to run twice.
 * @throws AppError `target.table_missing`, `target.key_schema_differs`, `connection.unreachable`,
 * `connection.key_refused`, `table.not_found`, `table.move_refused`
 */
export async function provisionTarget(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string },
): Promise<Assessed> {
  requireRole(actor, 'operator');
  const known = await requirePlanned(ctx, input.tableId);
  if (known.target.mayCreateTables) await createWhereMissing(ctx, known);
  const assessed = await assessTable(ctx, actor, input);
  refuseUnproven(known, assessed.proof);
  return assessed;
}

async function createWhereMissing(ctx: ServiceContext, { table, target }: AssessedTable): Promise<void> {
  const wire = ctx.makeWire(storeTargetOf(ctx, target, PROBE_MS_MAX));
  const prove = () => proveTarget(wire, { table: table.targetName, key: table.keySchema, random: ctx.random() });
  try {
    if ((await prove()).state !== 'missing') return;
    const made = await createTable(wire, { table: table.targetName, key: table.keySchema });
    const isThere = made.kind === 'refused' && made.errorType === 'ResourceInUseException';
    if (made.kind !== 'ok' && !isThere) {
      const verdict = verdictOf(made);
      const why =
        verdict === 'not_offered' || verdict === 'not_allowed'
          ? 'TerraScale does not let this key create tables'
          : sayTrouble(made);
      throw missing(table, why);
    }
    const deadlineMs = ctx.clock.monotonicMs() + READY_MS_MAX;
    while ((await prove()).state === 'missing') {
      if (ctx.clock.monotonicMs() >= deadlineMs)
        throw missing(table, 'it was created and is not ready yet; prove it again in a minute');
      await new Promise((done) => setTimeout(done, READY_EVERY_MS));
    }
  } finally {
    await wire.close();
  }
}

const missing = (table: AssessedTable['table'], why: string): AppError =>
  new AppError('target.table_missing', {
    sentence: `Create ${table.targetName} on TerraScale with the key ${sayKeySchema(table.keySchema)}, then prove it: ${why}.`,
    fields: { targetName: `Create it with the key ${sayKeySchema(table.keySchema)}.` },
  });

function refuseUnproven({ table, target }: AssessedTable, proof: TargetProof): void {
  switch (proof.state) {
    case 'proven':
      return;
    case 'missing':
      throw missing(table, `${target.name} has no such table, and this connection may not create one`);
    case 'differs':
      throw new AppError('target.key_schema_differs', {
        sentence: `${table.targetName} has another key: ${proof.detail}.`,
        fields: { targetName: proof.detail },
      });
    case 'may_not_write':
      throw new AppError('connection.key_refused', {
        sentence: `The key of ${target.name} may not write: ${proof.detail}.`,
        fields: { accessKeyId: proof.detail },
      });
    case 'unreachable':
    case 'unknown':
      throw new AppError('connection.unreachable', {
        sentence: `${target.name} could not be proven: ${proof.detail}.`,
        fields: { endpoint: proof.detail },
      });
  }
}
