import { pruneTrafficSamples } from '@/db/queries/process/prune';
import type { ServiceContext } from '../context';
import { forgetOldAnswers } from '../evidence/idempotency';

/** The longest window of a screen or a gate is seven days; a day more, so that none ends short. */
export const TRAFFIC_KEPT_MS = 8 * 86_400_000;
const EVERY_MS = 10 * 60_000;

const keptAt = new WeakMap<ServiceContext, number>();

/** Takes away what nobody reads any more, at most every ten minutes a process. Safe in several workers at once. */
export async function keepHouse(ctx: ServiceContext): Promise<void> {
  const nowMs = ctx.clock.monotonicMs();
  const last = keptAt.get(ctx);
  if (last !== undefined && nowMs - last < EVERY_MS) return;
  keptAt.set(ctx, nowMs);
  await pruneTrafficSamples(ctx.sql, TRAFFIC_KEPT_MS);
  await forgetOldAnswers(ctx);
}
