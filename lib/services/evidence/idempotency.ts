import { createHash } from 'node:crypto';
import type { DbTransaction } from '@/db/client';
import { claimIdempotencyKey, forgetAnswers, readAnswer, storeAnswer } from '@/db/queries/evidence/idempotency';
import { AppError } from '@/lib/domain/errors';
import type { ServiceContext } from '../context';

export const ANSWERS_KEPT_MS = 24 * 3_600_000;

export interface OnceAsk {
  /** From the browser, one a form. Null: the caller cannot repeat itself, so nothing is stored. */
  key: string | null;
  action: string;
  actorId: string;
  /** What was asked for; the same key with other content is refused. */
  payload: unknown;
}

/**
 * Runs `run` once a key, in the caller's transaction: a double click, or a repeat after a lost answer, gets the stored
 * answer. A run that throws rolls the key back with everything else, so it may be tried again.
 * @throws AppError `input.repeated`
 */
export async function once<T>(tx: DbTransaction, ask: OnceAsk, run: () => Promise<T>): Promise<T> {
  if (ask.key === null) return await run();
  const digest = createHash('sha256')
    .update(JSON.stringify(ask.payload ?? null))
    .digest('hex');
  const action = `${ask.action}:${digest}`;
  const claim = { key: ask.key, action, actorId: ask.actorId, keptMs: ANSWERS_KEPT_MS };
  if (await claimIdempotencyKey(tx, claim)) {
    const result = await run();
    await storeAnswer(tx, ask.key, result);
    return result;
  }
  const stored = await readAnswer(tx, ask.key);
  if (!stored || stored.action !== action || stored.actorId !== ask.actorId)
    throw new AppError('input.repeated', 'This form was sent before with other content.');
  return stored.result as T;
}

/** House-keeping for a worker's loop. */
export const forgetOldAnswers = (ctx: Pick<ServiceContext, 'db'>): Promise<number> =>
  forgetAnswers(ctx.db, ANSWERS_KEPT_MS);
