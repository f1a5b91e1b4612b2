import { type DbTransaction, withTransaction } from '@/db/client';
import { markKeys } from '@/db/queries/dirty';
import {
  closeRecovery,
  forgetFence,
  type Head,
  knownPostgres,
  lockHeads,
  openPages,
  oweVerifications,
  raiseIncarnation,
  reportedSnapshots,
  type TableNow,
  tablesOf,
  takeRouting,
  unreported,
} from '@/db/queries/process/postgres';
import type { RoutingSnapshot, TableRouting } from '@/lib/contracts/routing';
import type { KeySchema } from '@/lib/domain/item/item';
import type { Stage } from '@/lib/domain/plan/stages';
import { routingOf } from '@/lib/domain/plan/steps';
import { type ServiceContext, SYSTEM } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';

const LOST = 'Postgres lost its end';
const OWED = 'Postgres was restored or failed over; marks may be lost';

export type Recovery =
  | { kind: 'done' }
  | { kind: 'waits'; gateways: string[] }
  /** This database does not know a table that gateways act on: an older one than may be gone on with. */
  | { kind: 'unknown_tables'; tables: string[] };

/** Ends an open recovery in one transaction, or says what it waits for. Safe to call by any number of processes. */
export async function recover(ctx: ServiceContext): Promise<Recovery> {
  const round = (await knownPostgres(ctx.db))?.round ?? 0;
  const missing = await unreported(ctx.db, round);
  if (missing.length > 0) return { kind: 'waits', gateways: missing };
  await markOpenPages(ctx);
  return await withTransaction(ctx.db, async (tx) => {
    const known = await knownPostgres(tx, true);
    if (!known || known.openedAtMs === null) return { kind: 'done' };
    const waiting = await unreported(tx, known.round);
    if (waiting.length > 0) return { kind: 'waits', gateways: waiting };
    const reported = await reportedSnapshots(tx, known.round);
    const heads = await lockHeads(tx);
    const openedAtMs = known.openedAtMs;
    const jobs: Take[] = [];
    for (const head of heads) {
      const mine = reported.filter((one) => one.connectionId === head.connectionId).map((one) => one.snapshot);
      jobs.push({ head, snapshot: highest(mine, head), tables: await tablesOf(tx, { ...head, openedAtMs }), mine });
    }
    const unknown = jobs.flatMap(({ snapshot, tables }) =>
      (snapshot?.tables ?? []).filter((table) => !tables.some((one) => one.id === table.planTableId)),
    );
    if (unknown.length > 0)
      return { kind: 'unknown_tables', tables: unknown.map((table) => `${table.tableName} (${table.planName})`) };
    for (const job of jobs) await take(ctx, tx, job);
    await oweVerifications(tx, OWED);
    await closeRecovery(tx);
    const sentence = 'Every gateway has said what it obeys; the highest of it was taken. Every table verifies again.';
    await appendEvent(ctx, tx, { kind: 'postgres.recovered', sentence, actor: SYSTEM });
    await appendAudit(ctx, tx, {
      action: 'postgres.recovered',
      actor: SYSTEM,
      subject: 'postgres',
      detail: { round: known.round, heads },
    });
    return { kind: 'done' };
  });
}

interface Take {
  head: Head;
  /** The highest that a gateway reported above the head; null: this database has the highest. */
  snapshot: RoutingSnapshot | null;
  tables: TableNow[];
  mine: RoutingSnapshot[];
}

const isAbove = (a: { incarnation: number; epoch: number }, b: { incarnation: number; epoch: number }): boolean =>
  a.incarnation !== b.incarnation ? a.incarnation > b.incarnation : a.epoch > b.epoch;

function highest(snapshots: readonly RoutingSnapshot[], head: Head): RoutingSnapshot | null {
  let best: RoutingSnapshot | null = null;
  for (const one of snapshots) if (isAbove(one, best ?? head)) best = one;
  return best;
}

async function take(ctx: ServiceContext, tx: DbTransaction, { head, snapshot, tables, mine }: Take): Promise<void> {
  const incarnation = Math.max(head.incarnation, ...mine.map((one) => one.incarnation)) + 1;
  const epoch = Math.max(head.epoch, ...mine.map((one) => one.epoch)) + 1;
  for (const table of tables) {
    const obeyed = snapshot?.tables.find((one) => one.planTableId === table.id);
    if (obeyed && obeyed.epoch > (table.routingEpoch ?? 0))
      await takeTable(ctx, tx, { table, obeyed, epoch, incarnation });
  }
  await raiseIncarnation(tx, { connectionId: head.connectionId, incarnation, epoch });
}

async function takeTable(
  ctx: ServiceContext,
  tx: DbTransaction,
  of: { table: TableNow; obeyed: TableRouting; epoch: number; incarnation: number },
): Promise<void> {
  const { table, obeyed, epoch, incarnation } = of;
  const fence = table.openFence;
  const isOfFence = fence !== null && (fence.holdEpoch === obeyed.epoch || fence.flipEpoch === obeyed.epoch);
  if (fence && !isOfFence) await forgetFence(tx, { fenceId: fence.id, reason: LOST });
  // Under a hold no write of an application ran, so one whose fence was lost is undone to the stage before it.
  const isHeld = obeyed.writes === 'held';
  const share = table.wasTakenBack && obeyed.stage === 'shift' ? 0 : obeyed.readShareMilli;
  const change =
    isHeld && !isOfFence
      ? routingOf(table.strategy, table.stage as Stage, table.readShareMilli)
      : { ...obeyed, readShareMilli: share };
  const { stage, writes, authority, reads, readShareMilli, fallback } = change;
  const { shadowMilli } = obeyed;
  await takeRouting(tx, {
    ...{ planTableId: table.id, epoch, incarnation, stage, writes, authority, reads, readShareMilli, shadowMilli },
    ...{ fallback, movesStage: !isHeld },
  });
  await appendEvent(ctx, tx, {
    planId: table.planId,
    planTableId: table.id,
    kind: 'routing.taken',
    sentence: `${table.name}: gateways obey a newer routing than this Postgres knew, stage ${stage}; it was taken from them.`,
    actor: SYSTEM,
    before: { stage: table.stage, readShareMilli: table.readShareMilli },
    after: { stage, writes, readShareMilli },
    epoch,
  });
}

/** Keys of pages whose confirm may be among what was lost (PROTOCOL C3, F6); marks may be repeated. */
async function markOpenPages(ctx: ServiceContext): Promise<void> {
  for (const page of await openPages(ctx.db)) {
    await markKeys(ctx.sql, {
      planTableId: page.planTableId,
      schema: page.keySchema as KeySchema,
      keyIds: page.keyIds,
      cause: 'take_over',
      openFor: page.owner,
      unknownForMs: page.owner === null ? page.deltaMs : undefined,
    });
  }
}
