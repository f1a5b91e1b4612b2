import { sql } from 'drizzle-orm';
import type { Db, DbTransaction } from '@/db/client';
import { event } from '@/db/schema';
import { CHANNELS } from '@/lib/contracts/routing';
import type { Actor, ServiceContext } from '../context';

export interface NewEvent {
  planId?: string | null;
  planTableId?: string | null;
  /** e.g. `move.begin_dual_write`, `run.done`, `fence.aborted`. */
  kind: string;
  /** For people; never an item's value. */
  sentence: string;
  actor: Actor;
  actorKind?: 'person' | 'system' | 'guardrail';
  before?: unknown;
  after?: unknown;
  reason?: string | null;
  epoch?: number | null;
}

/** Writes what happened and tells the screens, in the caller's transaction. Returns the event's id. */
export async function appendEvent(
  ctx: Pick<ServiceContext, 'newId'>,
  tx: Db | DbTransaction,
  entry: NewEvent,
): Promise<string> {
  const id = ctx.newId('event');
  await tx.insert(event).values({
    id,
    planId: entry.planId ?? null,
    planTableId: entry.planTableId ?? null,
    kind: entry.kind,
    sentence: entry.sentence,
    actorKind: entry.actorKind ?? (entry.actor.role === 'system' ? 'system' : 'person'),
    actor: entry.actor.name,
    before: entry.before ?? null,
    after: entry.after ?? null,
    reason: entry.reason ?? null,
    epoch: entry.epoch ?? null,
  });
  const topic = entry.kind.split('.')[0] as string;
  await notifyChanges(tx, { topic, planId: entry.planId ?? null, planTableId: entry.planTableId ?? null });
  return id;
}

/** Tells the screens to look again; for changes that are no event. */
export async function notifyChanges(
  tx: Db | DbTransaction,
  change: { topic: string; planId: string | null; planTableId: string | null },
): Promise<void> {
  await tx.execute(sql`select pg_notify(${CHANNELS.changes}, ${JSON.stringify(change)})`);
}
