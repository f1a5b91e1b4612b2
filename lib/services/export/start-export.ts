import { eq, sql } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { exportsUnderWay } from '@/db/queries/export';
import type { LockedTable } from '@/db/queries/facts/lock';
import { exportSource } from '@/db/schema';
import { describeExport, describeRecovery, exportTable } from '@/lib/adapters/dynamodb/exports';
import { describeTable } from '@/lib/adapters/dynamodb/tables';
import type { StoreWire } from '@/lib/adapters/ports';
import { type ExportStart, exportStart } from '@/lib/contracts/export';
import { AppError } from '@/lib/domain/errors';
import { type ExportCost, exportCostOf } from '@/lib/domain/export/export';
import { sayTrouble } from '../connection/trouble';
import { type Actor, type ServiceContext, SYSTEM } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { parseInput } from '../parse-input';
import { storeTarget } from '../stores';
import { requireRole } from '../view/require-role';
import { choosable, locationOf, readExports, storeExport } from './choose-source';

const TIMEOUT_MS = 10_000;

export interface ExportPreview {
  tableArn: string;
  cost: ExportCost;
  /** Exports need point-in-time recovery. */
  isRecoveryOn: boolean;
}

/**
 * What an export of the table would cost now, and whether it is possible. Changes nothing.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `table.move_refused` by stage, `export.refused`
 */
export async function previewExport(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string },
): Promise<ExportPreview> {
  requireRole(actor, 'operator');
  const table = await withTransaction(ctx.db, (tx) => choosable(tx, input.tableId));
  return await withSource(ctx, table, (wire) => preview(wire, table.name));
}

async function preview(wire: StoreWire, name: string): Promise<ExportPreview> {
  const [described, recovery] = await Promise.all([describeTable(wire, name), describeRecovery(wire, name)]);
  if (described.kind !== 'ok') throw refused(`The table cannot be described: ${sayTrouble(described)}`);
  if (recovery.kind !== 'ok') throw refused(`Its backups cannot be described: ${sayTrouble(recovery)}`);
  const { raw, sizeBytes } = described.value;
  return { tableArn: String(raw.TableArn), cost: exportCostOf(sizeBytes), isRecoveryOn: recovery.value };
}

const refused = (sentence: string) => new AppError('export.refused', sentence);

/**
 * Asks DynamoDB for a full export, which costs what the preview says. Workers wait for it and read its manifests then.
 * @throws AppError as `previewExport`, `input.invalid` with fields
 */
export async function startExport(
  ctx: ServiceContext,
  actor: Actor,
  input: ExportStart,
): Promise<{ exportArn: string }> {
  requireRole(actor, 'operator');
  const given = parseInput(exportStart, input);
  const { bucket, region, prefix } = given;
  const location = await locationOf(ctx, { kind: 'bucket', bucket, region, endpoint: given.endpoint });
  const table = await withTransaction(ctx.db, (tx) => choosable(tx, given.tableId));
  const asked = await withSource(ctx, table, async (wire) => {
    const { tableArn, isRecoveryOn, cost } = await preview(wire, table.name);
    if (!isRecoveryOn)
      throw refused(`Point-in-time recovery of ${table.name} is off. Turn it on, then ask for the export.`);
    const answer = await exportTable(wire, { tableArn, bucket, prefix, clientToken: ctx.random() });
    if (answer.kind !== 'ok') throw refused(`The export was not accepted: ${sayTrouble(answer)}`);
    return { exportArn: answer.value.arn, cost };
  });
  await withTransaction(ctx.db, async (tx) => {
    const locked = await choosable(tx, given.tableId);
    const values = {
      location,
      state: 'exporting' as const,
      manifests: [],
      shownUntilAt: null,
      exportArn: asked.exportArn,
      failure: null,
      chosenBy: actor.name,
      chosenAt: sql`clock_timestamp()`,
    };
    await tx
      .insert(exportSource)
      .values({ planTableId: locked.id, ...values })
      .onConflictDoUpdate({ target: exportSource.planTableId, set: values });
    const sentence = `${locked.name}: an export was asked for, about $${asked.cost.dollars} at the ${asked.cost.priceFrom}.`;
    await appendEvent(ctx, tx, {
      planId: locked.planId,
      planTableId: locked.id,
      actor,
      kind: 'export.started',
      sentence,
    });
    const detail = { bucket, prefix, exportArn: asked.exportArn, cost: asked.cost };
    await appendAudit(ctx, tx, { action: 'export.start', actor, subject: locked.id, detail });
  });
  return { exportArn: asked.exportArn };
}

async function withSource<T>(
  ctx: ServiceContext,
  table: Pick<LockedTable, 'sourceConnectionId'>,
  run: (wire: StoreWire) => Promise<T>,
): Promise<T> {
  const wire = ctx.makeWire(await storeTarget(ctx, { connectionId: table.sourceConnectionId, timeoutMs: TIMEOUT_MS }));
  try {
    return await run(wire);
  } finally {
    await wire.close();
  }
}

/** Looks at every export that was asked for; called by the workers' loop, safe to call by several. */
export async function pollExports(ctx: ServiceContext): Promise<void> {
  for (const { planTableId, exportArn } of await exportsUnderWay(ctx.sql)) {
    try {
      await pollExport(ctx, planTableId, exportArn);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      await fail(ctx, planTableId, error.detail.sentence);
    }
  }
}

async function pollExport(ctx: ServiceContext, tableId: string, exportArn: string): Promise<void> {
  const table = await withTransaction(ctx.db, (tx) => choosable(tx, tableId));
  const answer = await withSource(ctx, table, (wire) => describeExport(wire, exportArn));
  // No answer is no verdict: it is asked again in the next round.
  if (answer.kind !== 'ok' || answer.value.status === 'IN_PROGRESS') return;
  const { status, manifest, failure } = answer.value;
  if (status === 'FAILED')
    return await fail(ctx, tableId, `DynamoDB's export failed: ${failure ?? 'it names no reason'}.`);
  if (manifest === null) return await fail(ctx, tableId, 'The export is complete and names no manifest.');
  const [row] = await ctx.db.select().from(exportSource).where(eq(exportSource.planTableId, tableId));
  if (row?.exportArn !== exportArn || row.state !== 'exporting') return;
  const { credentials } = await storeTarget(ctx, { connectionId: table.sourceConnectionId, timeoutMs: TIMEOUT_MS });
  const prefixes = [manifest.replace(/\/?manifest-summary\.json$/, '')];
  const manifests = await readExports(row.location, { credentials, prefixes, table });
  await withTransaction(ctx.db, async (tx) => {
    const locked = await choosable(tx, tableId);
    const [now] = await tx.select().from(exportSource).where(eq(exportSource.planTableId, tableId));
    if (now?.exportArn !== exportArn || now.state !== 'exporting') return;
    await storeExport(tx, {
      table: locked,
      location: row.location,
      manifests,
      actor: { ...SYSTEM, name: row.chosenBy },
    });
    const sentence = `${locked.name}: the export is complete and its manifests are whole; the next backfill reads it.`;
    const entry = { planId: locked.planId, planTableId: locked.id, actor: SYSTEM };
    await appendEvent(ctx, tx, { ...entry, kind: 'export.completed', sentence });
  });
}

const fail = async (ctx: ServiceContext, tableId: string, failure: string): Promise<void> => {
  await ctx.db.update(exportSource).set({ state: 'failed', failure }).where(eq(exportSource.planTableId, tableId));
};
