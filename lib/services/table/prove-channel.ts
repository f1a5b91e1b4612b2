import { and, eq, isNull, sql } from 'drizzle-orm';
import { withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { registeredGateways } from '@/db/queries/routing/acknowledged';
import { channelsToProve } from '@/db/queries/routing/barrier';
import { republishRouting } from '@/db/queries/routing/publish';
import { planTable } from '@/db/schema';
import { getItem } from '@/lib/adapters/dynamodb/items';
import type { WireItem } from '@/lib/adapters/ports';
import { type ServiceContext, SYSTEM } from '../context';
import { appendEvent } from '../evidence/event';
import { storeTarget } from '../stores';
import { gatewaysThatCount } from './barriers';
import { GATEWAY_SILENT_MS } from './facts';

/** Proves every live channel that is due: Δ has passed since the barrier. Called by the workers' loop. */
export async function proveChannels(ctx: ServiceContext): Promise<string[]> {
  const proven: string[] = [];
  for (const tableId of await channelsToProve(ctx.db)) {
    if (await proveChannel(ctx, tableId)) proven.push(tableId);
  }
  return proven;
}

/**
 * Reads the canary of every registered gateway from the target, with a consistent read: each wrote it to the source and
 * mirrored it through its own pipeline (PROTOCOL C1). False: one has not written it or it has not arrived yet.
 */
export async function proveChannel(ctx: ServiceContext, tableId: string): Promise<boolean> {
  const seen = await arrivedCanaries(ctx, tableId);
  if (seen === null) return false;
  return await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, tableId);
    if (table?.barrierVerb !== 'begin_dual_write' || table.isBarrierOpen) return false;
    const gateways = gatewaysThatCount(ctx.safeguards, await gatewaysOf(tx, table), 'barrier');
    // A gateway that came meanwhile has its own canary to send; the next round reads it.
    if (!gateways.every((gateway) => seen.gatewayIds.has(gateway.id))) return false;
    const rows = await tx
      .update(planTable)
      .set({ canaryArrivedAt: sql`clock_timestamp()`, canaryNonce: null })
      .where(and(eq(planTable.id, tableId), eq(planTable.canaryNonce, seen.nonce), isNull(planTable.canaryArrivedAt)))
      .returning({ id: planTable.id });
    if (rows.length === 0) return false;
    // The nonce is gone in this epoch: gateways delete their canaries through the same pipeline.
    const { epoch } = await republishRouting(tx, tableId);
    const count = gateways.length;
    await appendEvent(ctx, tx, {
      planId: table.planId,
      planTableId: tableId,
      kind: 'channel.proven',
      sentence: `${table.name}: a canary of ${count === 1 ? 'the one gateway' : `each of ${count} gateways`} arrived on TerraScale.`,
      actor: SYSTEM,
      epoch,
    });
    return true;
  });
}

const gatewaysOf = (tx: Parameters<typeof registeredGateways>[0], table: { id: string; sourceConnectionId: string }) =>
  registeredGateways(tx, {
    connectionId: table.sourceConnectionId,
    planTableId: table.id,
    epoch: 0,
    silentMs: GATEWAY_SILENT_MS,
  });

/** The gateways whose canary is on the target; null: one is missing, or nothing is to be proven. */
async function arrivedCanaries(
  ctx: ServiceContext,
  tableId: string,
): Promise<{ nonce: string; gatewayIds: Set<string> } | null> {
  const asked = await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, tableId);
    if (table?.barrierVerb !== 'begin_dual_write' || table.isBarrierOpen) return null;
    const [row] = await tx.select({ nonce: planTable.canaryNonce }).from(planTable).where(eq(planTable.id, tableId));
    if (!row?.nonce) return null;
    return {
      table,
      nonce: row.nonce,
      gateways: gatewaysThatCount(ctx.safeguards, await gatewaysOf(tx, table), 'barrier'),
    };
  });
  if (!asked || asked.gateways.length === 0) return null;
  const { table, nonce, gateways } = asked;
  if (!gateways.every((gateway) => gateway.canaryNonce === nonce && gateway.canaryKey !== null)) return null;
  const timeoutMs = table.settings.storeTimeoutMs;
  const wire = ctx.makeWire(await storeTarget(ctx, { connectionId: table.targetConnectionId, timeoutMs }));
  wire.know?.(table.targetName, table.keySchema);
  try {
    for (const gateway of gateways) {
      const key = gateway.canaryKey as WireItem;
      const answer = await getItem(wire, { table: table.targetName, key });
      if (answer.kind !== 'ok' || answer.value === null || !carries(answer.value, nonce)) return null;
    }
    return { nonce, gatewayIds: new Set(gateways.map((gateway) => gateway.id)) };
  } finally {
    await wire.close();
  }
}

/** An older canary under the same key proves nothing. */
const carries = (item: WireItem, nonce: string): boolean => JSON.stringify(item).includes(nonce);
