import { and, eq, type SQL, sql } from 'drizzle-orm';
import type { DbTransaction } from '@/db/client';
import type { LockedTable } from '@/db/queries/facts/lock';
import { publishRouting } from '@/db/queries/routing/publish';
import { dirtyKey, planTable } from '@/db/schema';
import type { Decision } from '@/lib/domain/plan/decide';
import type { Stage } from '@/lib/domain/plan/stages';
import type { Actor, ServiceContext } from '../context';
import { openFence } from '../fence/open-fence';
import { cancelRuns, createRun } from '../run/create-run';

export interface AppliedMove {
  stage: Stage;
  version: number;
  epoch: number;
  readShareMilli: number;
  fenceId: string | null;
  runId: string | null;
}

export interface ApplyMove {
  table: LockedTable;
  decision: Decision;
  actor: Actor;
  reason: string;
  long: boolean;
}

type TableChange = Partial<Record<keyof typeof planTable.$inferInsert, unknown>>;

const NOW = sql`clock_timestamp()`;

/**
 * Executes the steps that the decision listed, as far as they belong to the transaction of the move: a fence and a
 * barrier are only opened here. Null: another move was committed first, and nothing was changed.
 */
export async function applyMove(ctx: ServiceContext, tx: DbTransaction, ask: ApplyMove): Promise<AppliedMove | null> {
  const { decision, table } = ask;
  if (decision.move.kind === 'fence') return await applyFence(ctx, tx, ask);
  const first = decision.steps.find((step) => step.kind === 'publish');
  if (first?.kind !== 'publish') throw new Error(`invariant: ${decision.move.verb} publishes`);
  const { verb } = decision.move;
  const isAbandon = verb === 'abandon' && table.strategy !== 'big_bang';
  const stage = first.routing.stage;
  const share = isAbandon ? 0 : first.routing.readShareMilli;
  const published = await publishRouting(tx, table.id, first.routing);
  const change: TableChange = {
    stage,
    readShareMilli: share,
    ...(stage === table.stage ? {} : { stageSince: NOW }),
    ...(share === table.readShareMilli && verb !== 'begin_shift' ? {} : { shareSince: NOW }),
    ...barrierOf(ask, published.epoch),
    ...(verb === 'abandon' ? { canaryNonce: null, canaryArrivedAt: null } : {}),
  };
  const version = await changeTable(tx, ask, change);
  if (version === null) return null;
  const runId = await startRuns(ctx, tx, ask);
  return { stage, version, epoch: published.epoch, readShareMilli: share, fenceId: null, runId };
}

async function applyFence(ctx: ServiceContext, tx: DbTransaction, ask: ApplyMove): Promise<AppliedMove | null> {
  const version = await changeTable(tx, ask, {});
  if (version === null) return null;
  const opened = await openFence(ctx, tx, ask);
  const { stage, readShareMilli } = ask.table;
  return { stage, version, epoch: opened.epoch, readShareMilli, fenceId: opened.fenceId, runId: null };
}

/** A barrier is open until every registered gateway has acknowledged this epoch (PROTOCOL B1). */
function barrierOf(ask: ApplyMove, epoch: number): TableChange {
  const { verb } = ask.decision.move;
  const isBarrier = verb === 'begin_dual_write' || (verb === 'abandon' && ask.table.strategy !== 'big_bang');
  if (!isBarrier) return {};
  return {
    barrierVerb: verb,
    barrierEpoch: epoch,
    barrierHalf: 1,
    barrierOpenedAt: NOW,
    barrierPassedAt: null,
    canaryNonce: null,
    canaryArrivedAt: null,
  };
}

/** The conditional update that every stage change is; null: stage or version are no longer what was decided on. */
async function changeTable(tx: DbTransaction, ask: ApplyMove, change: TableChange): Promise<number | null> {
  const { table, actor } = ask;
  const rows = await tx
    .update(planTable)
    .set({
      ...(change as Record<string, SQL>),
      version: table.version + 1,
      lastChangeBy: actor.name,
      lastChangeAt: NOW,
    })
    .where(and(eq(planTable.id, table.id), eq(planTable.stage, table.stage), eq(planTable.version, table.version)))
    .returning({ version: planTable.version });
  return rows[0]?.version ?? null;
}

async function startRuns(ctx: ServiceContext, tx: DbTransaction, ask: ApplyMove): Promise<string | null> {
  const { table, actor } = ask;
  switch (ask.decision.move.verb) {
    case 'begin_backfill':
      return await createRun(ctx, tx, { tableId: table.id, kind: 'backfill', startedBy: actor });
    case 'complete_backfill':
      return await createRun(ctx, tx, { tableId: table.id, kind: 'verification', startedBy: actor });
    case 'abandon':
      await cancelRuns(tx, { tableId: table.id, reason: `Abandoned by ${actor.name}.` });
      // A big bang mirrors nothing, so there is no barrier to wait for; rows of a mirror are dropped after theirs (W8).
      if (table.strategy === 'big_bang') await tx.delete(dirtyKey).where(eq(dirtyKey.planTableId, table.id));
      return null;
    default:
      return null;
  }
}
