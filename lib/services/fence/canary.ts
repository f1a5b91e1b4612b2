import { eq } from 'drizzle-orm';
import { markKeys } from '@/db/queries/dirty';
import { fencesToSweep, recordSwept } from '@/db/queries/fence/drivers';
import { type FenceRow, readFence } from '@/db/queries/fence/fence';
import { plan, planTable, routingHead } from '@/db/schema';
import { deleteItem, getItem, putItem } from '@/lib/adapters/dynamodb/items';
import type { StoreWire, WireItem } from '@/lib/adapters/ports';
import { setAttribute } from '@/lib/domain/item/item';
import { keyId } from '@/lib/domain/item/key';
import { moveOf } from '@/lib/domain/plan/moves';
import { authorityOf } from '@/lib/domain/plan/stages';
import { canaryKey } from '@/lib/domain/routing/canary';
import type { ServiceContext } from '../context';
import { type CredentialPurpose, storeTarget } from '../stores';
import { DONE, type Verdict } from './flip';

/** The attribute that carries `{incarnation, epoch}`; after a restore of Postgres it counts as a snapshot (F6). */
const CANARY_ATTRIBUTE = 'landfallCanary';
const ROUND_TRIPS_MAX = 5;
const ROUND_TRIP_REST_MS_MAX = 30;
const DISTURBED = 'the canary that was read is not the one that was written';
const STILL_THERE = 'the canary is still there after its deletion';

/**
 * Writes a canary to the new authority with the credential that gateways will use there, reads it back with a consistent
 * read, and deletes it again before the release. Anything else than the same item read back ends the fence.
 */
export async function proveCanary(ctx: ServiceContext, fence: FenceRow): Promise<Verdict> {
  // Tests only: a new authority that cannot be written is then noticed by applications first.
  if (!ctx.safeguards.canary) return DONE;
  const where = await placeOf(ctx, fence);
  const target = { connectionId: where.connectionId, timeoutMs: where.timeoutMs, purpose: where.purpose };
  const wire = ctx.makeWire(await storeTarget(ctx, target));
  wire.know?.(where.table, where.schema);
  try {
    const reason = await roundTrips(wire, { ...where, fence });
    if (reason === null) return DONE;
    ctx.log.warn({ fenceId: fence.id, reason }, 'The canary of a fence did not come back.');
    await markCanary(ctx, fence);
    return { kind: 'impossible', reason };
  } finally {
    await wire.close();
  }
}

interface Place {
  connectionId: string;
  table: string;
  key: WireItem;
  keyId: string;
  timeoutMs: number;
  deltaMs: number;
  purpose: CredentialPurpose;
  incarnation: number;
  schema: (typeof planTable.$inferSelect)['keySchema'];
}

async function placeOf(ctx: ServiceContext, fence: FenceRow): Promise<Place> {
  const [row] = await ctx.db
    .select({ plan, table: planTable, incarnation: routingHead.incarnation })
    .from(planTable)
    .innerJoin(plan, eq(plan.id, planTable.planId))
    .innerJoin(routingHead, eq(routingHead.connectionId, plan.sourceConnectionId))
    .where(eq(planTable.id, fence.planTableId));
  if (!row) throw new Error('invariant: a fence has a table with a plan');
  const isTarget = authorityOf(moveOf(fence.verb).to) === 'target';
  const key = canaryKey(row.table.keySchema, fence.id);
  const id = keyId(key, row.table.keySchema);
  if (!id.ok) throw new Error('invariant: a canary has the key of its table');
  return {
    connectionId: isTarget ? row.plan.targetConnectionId : row.plan.sourceConnectionId,
    table: isTarget ? row.table.targetName : row.table.name,
    key,
    keyId: id.value,
    timeoutMs: row.plan.settings.storeTimeoutMs,
    deltaMs: row.plan.settings.deltaMs,
    purpose: isTarget ? 'primary' : 'origin',
    incarnation: row.incarnation,
    schema: row.table.keySchema,
  };
}

/** Two drivers share one canary, and one may delete what the other just wrote: that is no fault of the store. */
async function roundTrips(wire: StoreWire, place: Place & { fence: FenceRow }): Promise<string | null> {
  let reason: string | null = null;
  for (let attempt = 0; attempt < ROUND_TRIPS_MAX; attempt += 1) {
    reason = await roundTrip(wire, place);
    if (reason !== DISTURBED && reason !== STILL_THERE) return reason;
    await new Promise((done) => setTimeout(done, Math.random() * ROUND_TRIP_REST_MS_MAX));
  }
  return reason;
}

/** Why it failed, in words without an item; null: written, read back, deleted and gone. */
async function roundTrip(wire: StoreWire, place: Place & { fence: FenceRow }): Promise<string | null> {
  const { table, key, fence, incarnation } = place;
  const mark = `${incarnation}.${fence.flipEpoch}`;
  const item: WireItem = { ...key };
  setAttribute(item, CANARY_ATTRIBUTE, { S: mark });
  const put = await putItem(wire, { table, item });
  if (put.kind !== 'ok') return `the canary was not written: ${saying(put)}`;
  const got = await getItem(wire, { table, key });
  if (got.kind !== 'ok') return `the canary was not read: ${saying(got)}`;
  const value = got.value?.[CANARY_ATTRIBUTE] as { S?: unknown } | undefined;
  if (value?.S !== mark) return DISTURBED;
  const gone = await deleteItem(wire, { table, key });
  if (gone.kind !== 'ok') return `the canary was not deleted: ${saying(gone)}`;
  const after = await getItem(wire, { table, key });
  if (after.kind !== 'ok') return `the deletion of the canary was not read: ${saying(after)}`;
  return after.value === null ? null : STILL_THERE;
}

const saying = (trouble: { kind: 'refused'; errorType: string } | { kind: 'unknown'; cause: string }): string =>
  trouble.kind === 'refused' ? trouble.errorType : `outcome unknown (${trouble.cause})`;

/**
 * A canary whose deletion was not seen may lie on, or still land on, the store that stays the follower: its key counts
 * as one that may differ, for Δ, and settling removes it. Before a flip is undone, whoever undoes it says this first.
 */
export async function markCanary(
  ctx: ServiceContext,
  fence: FenceRow,
  { isKnown = false }: { isKnown?: boolean } = {},
): Promise<void> {
  // Closing the source keeps the authority, so there is no follower to clean; `removeCanary` does it.
  if (fence.verb === 'close_source') return;
  const place = await placeOf(ctx, fence);
  await markKeys(ctx.sql, {
    planTableId: fence.planTableId,
    schema: place.schema,
    keyIds: [place.keyId],
    cause: 'unknown_outcome',
    unknownForMs: isKnown ? undefined : place.deltaMs,
  });
}

/** Deletes the canary of an undone close_source from the authority, where no settle would. */
export async function removeCanary(ctx: ServiceContext, fence: FenceRow): Promise<void> {
  if (fence.verb !== 'close_source' || fence.flipEpoch === null) return;
  await deleteCanary(ctx, fence);
}

async function deleteCanary(ctx: ServiceContext, fence: FenceRow): Promise<void> {
  await atItsPlace(ctx, fence, async (wire, { table, key }) => {
    const gone = await deleteItem(wire, { table, key });
    if (gone.kind !== 'ok') throw new Error(`the canary was not deleted: ${saying(gone)}`);
  });
}

async function atItsPlace<T>(
  ctx: ServiceContext,
  fence: FenceRow,
  run: (wire: StoreWire, place: Place) => Promise<T>,
): Promise<T> {
  const place = await placeOf(ctx, fence);
  const { connectionId, timeoutMs } = place;
  const wire = ctx.makeWire(await storeTarget(ctx, { connectionId, timeoutMs }));
  wire.know?.(place.table, place.schema);
  try {
    return await run(wire, place);
  } finally {
    await wire.close();
  }
}

/**
 * A driver may be frozen with its canary in hand, and write it after its successor has released or undone the fence. So
 * once every driver has ended and Δ has passed since, the key is deleted once more on the side of the canary, and marked,
 * so that a settle makes the other side equal and confirms it. For the loops; returns the fences that were swept.
 */
export async function sweepCanaries(ctx: ServiceContext): Promise<string[]> {
  // Tests only: what a frozen driver writes then stays in the application's table.
  if (!ctx.safeguards.canarySwept) return [];
  const swept: string[] = [];
  for (const fenceId of await fencesToSweep(ctx.db)) {
    try {
      const fence = await readFence(ctx.db, fenceId);
      if (!fence) continue;
      await sweep(ctx, fence);
      await recordSwept(ctx.db, fenceId);
      swept.push(fenceId);
    } catch (error) {
      ctx.log.warn({ fenceId, error }, 'The canary of an ended fence is not swept yet; it is tried again.');
    }
  }
  return swept;
}

async function sweep(ctx: ServiceContext, fence: FenceRow): Promise<void> {
  const isThere = await atItsPlace(ctx, fence, async (wire, { table, key }) => {
    const found = await getItem(wire, { table, key });
    if (found.kind !== 'ok') throw new Error(`the place of the canary was not read: ${saying(found)}`);
    return found.value !== null;
  });
  if (!isThere) return;
  ctx.log.warn({ fenceId: fence.id }, 'A canary was written after the end of its fence; it is taken away.');
  await deleteCanary(ctx, fence);
  // Nothing else can arrive any more, so this mark has no outcome to wait for.
  await markCanary(ctx, fence, { isKnown: true });
}
