import { sql } from 'drizzle-orm';
import type { DbTransaction } from '@/db/client';
import type { LockedTable } from '@/db/queries/facts/lock';
import { type Published, publishRouting } from '@/db/queries/routing/publish';
import { fence } from '@/db/schema';
import type { Decision } from '@/lib/domain/plan/decide';
import type { RoutingChange } from '@/lib/domain/plan/steps';
import type { Actor, ServiceContext } from '../context';

/** Tries of the job that drives a fence; the reaper ends what no try could. */
const JOB_ATTEMPTS_MAX = 100;
/** Before everything else in the queue: applications wait for it. */
const JOB_PRIORITY = -10;
/** A long hold lasts at most two lives of an abandoned request (PROTOCOL F1b). */
const LONG_DELTAS = 2;

export interface OpenFence {
  decision: Decision;
  table: LockedTable;
  actor: Actor;
  reason: string;
  long: boolean;
}

export interface OpenedFence extends Published {
  fenceId: string;
}

/**
 * Publishes the hold and stores the fence's row, in the transaction of the move. From here any worker may drive it
 * (`runFence`), and any process but a gateway ends it past its bound (`reapFences`).
 */
export async function openFence(ctx: ServiceContext, tx: DbTransaction, ask: OpenFence): Promise<OpenedFence> {
  const { decision, table } = ask;
  const published = await publishRouting(tx, table.id, holdOf(ctx, decision));
  const fenceId = ctx.newId('fence');
  const boundMs = ask.long ? LONG_DELTAS * table.settings.deltaMs : table.settings.holdMsMax;
  await tx.insert(fence).values({
    id: fenceId,
    planTableId: table.id,
    planId: table.planId,
    verb: decision.move.verb,
    step: 'hold',
    long: ask.long,
    planHash: decision.planHash,
    holdEpoch: published.epoch,
    openedBy: ask.actor.name,
    reason: ask.reason,
    openedAt: sql`clock_timestamp()`,
    boundAt: sql`clock_timestamp() + ${boundMs}::float8 * interval '1 millisecond'`,
  });
  await tx.execute(sql`select graphile_worker.add_job('run-fence', json_build_object('fenceId', ${fenceId}::text),
    job_key := ${`fence:${fenceId}`}, max_attempts := ${JOB_ATTEMPTS_MAX}::int, priority := ${JOB_PRIORITY}::int)`);
  return { ...published, fenceId };
}

function holdOf(ctx: ServiceContext, decision: Decision): RoutingChange {
  const hold = decision.steps.find((step) => step.kind === 'hold');
  if (hold?.kind !== 'hold') throw new Error(`invariant: ${decision.move.verb} has a hold`);
  // Tests only: authority then changes while writes are still being accepted.
  if (!ctx.safeguards.holdEpoch) {
    const release = decision.steps.find((step) => step.kind === 'release');
    const isFreeze = decision.move.verb === 'freeze';
    if (release?.kind === 'release')
      return {
        ...hold.routing,
        writes: isFreeze ? 'source' : hold.routing.authority === 'source' ? 'source_target' : 'target_source',
      };
  }
  return hold.routing;
}
