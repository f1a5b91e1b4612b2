import { eq, sql } from 'drizzle-orm';
import { type DbTransaction, withTransaction } from '@/db/client';
import { type LockedTable, lockTable } from '@/db/queries/facts/lock';
import { type RegisteredGateway, registeredGateways } from '@/db/queries/routing/acknowledged';
import { openBarriers } from '@/db/queries/routing/barrier';
import { publishRouting, republishRouting } from '@/db/queries/routing/publish';
import { dirtyKey, planTable } from '@/db/schema';
import { routingOf } from '@/lib/domain/plan/steps';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import { type ServiceContext, SYSTEM } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { isPostgresKnown } from '../process/postgres';
import { cancelRuns } from '../run/create-run';
import { GATEWAY_SILENT_MS } from './facts';

/**
 * Gateways that a barrier or fence waits for: every registered one, silent or not (PROTOCOL E1). One that somebody
 * attested to be gone is passed by a barrier; by a fence only once it is proven that it can write nothing and that
 * nothing of it is missing (PROTOCOL F4).
 */
export function gatewaysThatCount(
  safeguards: SafeguardSet,
  gateways: readonly RegisteredGateway[],
  step: 'barrier' | 'fence',
): readonly RegisteredGateway[] {
  const isProofNeeded = step === 'fence' && safeguards.deadProven;
  const counted = gateways.filter((gateway) => !gateway.isGone || (isProofNeeded && !gateway.isProvenDead));
  // Tests only: heartbeats then decide who counts, and a gateway that is merely slow is passed by.
  if (!safeguards.registeredCount) return counted.filter((gateway) => !gateway.isSilent);
  return counted;
}

/**
 * Completes every barrier that all registered gateways have acknowledged; called each second by the workers' loop, and
 * safe to call by any number of processes. No timer passes a silent gateway. Returns the tables that moved on.
 */
export async function passBarriers(ctx: ServiceContext): Promise<string[]> {
  const passed: string[] = [];
  for (const tableId of await openBarriers(ctx.db)) {
    if (await passBarrier(ctx, tableId)) passed.push(tableId);
  }
  return passed;
}

/** One barrier, in one transaction that reads `registered` again (PROTOCOL B1). False: somebody has not acknowledged. */
export async function passBarrier(ctx: ServiceContext, tableId: string): Promise<boolean> {
  return await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, tableId);
    if (!table?.isBarrierOpen || table.barrierEpoch === null) return false;
    if (!(await isPostgresKnown(ctx, tx))) return false;
    const gateways = await registeredGateways(tx, {
      connectionId: table.sourceConnectionId,
      planTableId: table.id,
      epoch: table.barrierEpoch,
      silentMs: GATEWAY_SILENT_MS,
    });
    const counted = gatewaysThatCount(ctx.safeguards, gateways, 'barrier');
    if (!counted.every((gateway) => gateway.acknowledged)) return false;
    if (table.barrierVerb === 'begin_dual_write') await passDualWrite(ctx, tx, { table, gateways: counted.length });
    else if (table.barrierHalf === 1) await writesToSource(ctx, tx, table);
    else await completeAbandon(ctx, tx, table);
    return true;
  });
}

async function passDualWrite(
  ctx: ServiceContext,
  tx: DbTransaction,
  { table, gateways }: { table: LockedTable; gateways: number },
): Promise<void> {
  await tx
    .update(planTable)
    .set({ barrierPassedAt: sql`clock_timestamp()`, canaryNonce: ctx.random(), canaryArrivedAt: null })
    .where(eq(planTable.id, table.id));
  // An epoch of its own, so that every gateway sees the canary's nonce and writes it through its pipeline.
  const { epoch } = await republishRouting(tx, table.id);
  await appendEvent(ctx, tx, {
    planId: table.planId,
    planTableId: table.id,
    kind: 'barrier.passed',
    sentence: `${table.name}: all ${gateways} gateways write to both stores; waiting for Δ and a canary.`,
    actor: SYSTEM,
    epoch,
  });
}

/** Second half of abandon: reads are on the source everywhere, so writes may go there alone. */
async function writesToSource(ctx: ServiceContext, tx: DbTransaction, table: LockedTable): Promise<void> {
  const published = await publishRouting(tx, table.id, routingOf(table.strategy, 'planned', 0));
  await tx.update(planTable).set({ barrierHalf: 2, barrierEpoch: published.epoch }).where(eq(planTable.id, table.id));
  await appendEvent(ctx, tx, {
    planId: table.planId,
    planTableId: table.id,
    kind: 'barrier.passed',
    sentence: `${table.name}: every gateway reads from DynamoDB; writes go to DynamoDB alone from now on.`,
    actor: SYSTEM,
    epoch: published.epoch,
  });
}

/** No gateway mirrors any more: marks are dropped with the copy (PROTOCOL W8), and the table is planned again. */
async function completeAbandon(ctx: ServiceContext, tx: DbTransaction, table: LockedTable): Promise<void> {
  await tx.delete(dirtyKey).where(eq(dirtyKey.planTableId, table.id));
  await cancelRuns(tx, { tableId: table.id, reason: 'Abandoned.' });
  await tx
    .update(planTable)
    .set({
      stage: 'planned',
      stageSince: sql`clock_timestamp()`,
      version: table.version + 1,
      readShareMilli: 0,
      shareSince: null,
      barrierPassedAt: sql`clock_timestamp()`,
      canaryNonce: null,
      canaryArrivedAt: null,
      verifyAgainSince: null,
      verifyAgainReason: null,
      lastChangeBy: SYSTEM.name,
      lastChangeAt: sql`clock_timestamp()`,
    })
    .where(eq(planTable.id, table.id));
  const before = { stage: table.stage };
  const after = { stage: 'planned' };
  await appendEvent(ctx, tx, {
    planId: table.planId,
    planTableId: table.id,
    kind: 'move.abandoned',
    sentence: `${table.name}: abandoned. The copy counts for nothing; it must be made and verified anew.`,
    actor: SYSTEM,
    before,
    after,
    epoch: table.barrierEpoch,
  });
  const entry = { action: 'table.abandoned', actor: SYSTEM, subject: table.id, detail: { before, after } };
  await appendAudit(ctx, tx, entry);
}
