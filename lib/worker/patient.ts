import type { Answer } from '@/lib/adapters/dynamodb/call';
import { fullJitterMs, WORKER_BACKOFF } from '@/lib/domain/pacing/backoff';
import type { BudgetCost } from '@/lib/domain/pacing/budget';
import type { WorkerContext } from './context';
import { REQUEST_ATTEMPTS_MAX } from './limits';
import type { Work } from './segment-work';
import type { Store } from './stores';

/**
 * A read under the store's rate, repeated while the store is busy or its answer is lost; a refusal of the request itself,
 * and what nobody can read, is the answer. Null: the work must stop.
 */
export async function askPatiently<T>(
  ctx: WorkerContext,
  work: Work,
  ask: { store: Store; cost: BudgetCost; send(): Promise<Answer<T>> },
): Promise<Answer<T> | null> {
  const { store, cost } = ask;
  const { priority, timeoutMs } = work;
  for (let attempt = 1; ; attempt += 1) {
    const endTurn = await store.pace.turn({ cost, priority, timeoutMs, mayGoOn: () => work.mayGoOn() });
    if (!endTurn) return null;
    const answer = await ask.send().finally(endTurn);
    if (answer.kind === 'ok') return answer;
    const isWorthIt = answer.kind === 'unknown' ? answer.cause !== 'undecodable' : answer.isThrottle;
    if (!isWorthIt || attempt >= REQUEST_ATTEMPTS_MAX) return answer;
    if (answer.kind === 'refused') store.pace.throttled(answer.retryAfterMs);
    const pauseMs = Math.min(1_000, fullJitterMs(attempt, WORKER_BACKOFF, ctx.random()));
    await new Promise<void>((done) => setTimeout(done, pauseMs));
  }
}
