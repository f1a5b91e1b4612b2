import { type DbTransaction, withTransaction } from '@/db/client';
import { type LockedTable, lockTable } from '@/db/queries/facts/lock';
import { dirtyOf, type FenceRow, lockFence, moveStep, routingEpoch, workersAtWork } from '@/db/queries/fence/fence';
import { registeredGateways } from '@/db/queries/routing/acknowledged';
import { publishRouting } from '@/db/queries/routing/publish';
import { formatCount } from '@/lib/domain/units';
import type { ServiceContext } from '../context';
import { isPostgresKnown } from '../process/postgres';
import { gatewaysThatCount } from '../table/barriers';
import { GATEWAY_SILENT_MS } from '../table/facts';
import { fencePlan } from './plan-of';

/** `wait` may still come true; `impossible` never will under this hold. */
export type Verdict = { kind: 'done' } | { kind: 'wait'; sentence: string } | { kind: 'impossible'; reason: string };

export const DONE: Verdict = { kind: 'done' };
/** A fence takes no step, not even back, until it is known what gateways obey (PROTOCOL F6). */
export const OTHER_POSTGRES: Verdict = { kind: 'wait', sentence: 'another Postgres is here; gateways are asked' };
export const ROUTING_CHANGED = 'the routing changed under the hold';

/** Whether every gateway that counts is held at the fence's hold, with nothing in flight and no open intent. */
export async function gatewaysQuiet(
  ctx: ServiceContext,
  tx: DbTransaction | ServiceContext['db'],
  ask: { fence: FenceRow; sourceConnectionId: string },
): Promise<Verdict> {
  const gateways = await registeredGateways(tx, {
    connectionId: ask.sourceConnectionId,
    planTableId: ask.fence.planTableId,
    epoch: ask.fence.holdEpoch,
    silentMs: GATEWAY_SILENT_MS,
  });
  const counted = gatewaysThatCount(ctx.safeguards, gateways, 'fence');
  // Tests only: without a hold no gateway can ever be quiet, so acknowledging is all there is to wait for.
  const isReady = (one: (typeof counted)[number]) => one.acknowledged && (one.quiet || !ctx.safeguards.holdEpoch);
  const lagging = counted.filter((gateway) => !isReady(gateway));
  if (lagging.length === 0) return DONE;
  const names = lagging.map((gateway) => gateway.identity).join(', ');
  return { kind: 'wait', sentence: `waiting for ${lagging.length} of ${counted.length} gateways: ${names}` };
}

/**
 * The flip: every test again in the transaction that publishes the new authority, still held (PROTOCOL F1, F2). The
 * conditional updates of an abort and of this one are of the same row, so exactly one of them happens.
 */
export async function flip(ctx: ServiceContext, fence: FenceRow): Promise<Verdict> {
  return await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, fence.planTableId);
    const locked = table && (await lockFence(tx, fence.id));
    if (!table || !locked || locked.step !== 'workers_stopped') return DONE;
    if (locked.isPastBound) return { kind: 'wait', sentence: 'past its bound' };
    if (!(await isPostgresKnown(ctx, tx))) return OTHER_POSTGRES;
    const verdict = await testAgain(ctx, tx, { fence: locked, table });
    if (verdict.kind !== 'done') return verdict;
    const published = await publishRouting(tx, table.id, fencePlan(locked, table).flip);
    await moveStep(tx, { fenceId: fence.id, from: 'workers_stopped', to: 'flipped', flipEpoch: published.epoch });
    return DONE;
  });
}

async function testAgain(
  ctx: ServiceContext,
  tx: DbTransaction,
  { fence, table }: { fence: FenceRow; table: LockedTable },
): Promise<Verdict> {
  if ((await routingEpoch(tx, table.id)) !== fence.holdEpoch) return { kind: 'impossible', reason: ROUTING_CHANGED };
  const quiet = await gatewaysQuiet(ctx, tx, { fence, sourceConnectionId: table.sourceConnectionId });
  if (quiet.kind !== 'done') return quiet;
  if (ctx.safeguards.workersStop) {
    const atWork = await workersAtWork(tx, fence.id);
    if (atWork.length > 0) return { kind: 'wait', sentence: `waiting for workers: ${atWork.join(', ')}` };
  }
  if (ctx.safeguards.fenceRetest) {
    const dirty = await dirtyOf(tx, table.id);
    // Workers have stopped, so nobody would settle it under this hold.
    if (dirty.count > 0)
      return {
        kind: 'impossible',
        reason: `${formatCount(dirty.count)} dirty keys at the flip, ${dirty.waiting} unknown`,
      };
  }
  return DONE;
}
