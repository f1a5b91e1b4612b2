import { createHash } from 'node:crypto';
import { AppError } from '@/lib/domain/errors';
import type { Actor } from '@/lib/domain/plan/facts';
import type { ServiceContext } from '@/lib/services/context';

/** A claim without an answer is another request at work, or one whose process died; after this it may be taken over. */
const CLAIM_S_MAX = 30;
const KEY_CHARS_MAX = 100;
const KEPT_HOURS = 24;
const SWEEP_ROWS_MAX = 200;

export interface Once {
  /** Given by the browser; the same for a repetition. */
  key: string;
  action: string;
  actor: Actor;
}

/**
 * Runs `act` once a key: a double click or a repeated request gets the stored answer and changes nothing. A refusal is
 * not stored, because it changed nothing and the next try may be allowed.
 * @throws AppError `input.repeated` when the key was used for something else or the first request is still at work.
 */
export async function once<T>(
  ctx: Pick<ServiceContext, 'sql'>,
  { key, action, actor }: Once,
  act: () => Promise<T>,
): Promise<T> {
  if (key.length === 0 || key.length > KEY_CHARS_MAX)
    throw new AppError('input.invalid', 'The request has no usable idempotency key. Reload the page.');
  const { sql } = ctx;
  // Namespaced by person and action: nobody can read another's answer, whatever key they send.
  const id = `web:${createHash('sha256')
    .update(JSON.stringify([actor.id, action, key]))
    .digest('hex')}`;
  const claimed = await sql`
    insert into idempotency (key, action, actor_id, result) values (${id}, ${action}, ${actor.id}, null)
    on conflict (key) do update set at = now()
      where idempotency.result is null and idempotency.at < now() - make_interval(secs => ${CLAIM_S_MAX})
    returning key`;
  if (claimed.length === 0) {
    const [row] = await sql<{ result: { data: T } | null }[]>`select result from idempotency where key = ${id}`;
    if (row?.result) return row.result.data;
    throw new AppError('input.repeated', 'The same request is still at work. Look at the screen in a moment.');
  }
  let data: T;
  try {
    data = await act();
  } catch (error) {
    await sql`delete from idempotency where key = ${id} and result is null`.catch(() => {});
    throw error;
  }
  // The act is done whether or not its answer could be kept.
  await sql`update idempotency set result = ${JSON.stringify({ data: data ?? null })}::text::jsonb, at = now() where key = ${id}`.catch(
    () => {},
  );
  await sweep(ctx).catch(() => {});
  return data;
}

async function sweep({ sql }: Pick<ServiceContext, 'sql'>): Promise<void> {
  await sql`
    delete from idempotency where key in (
      select key from idempotency where at < now() - make_interval(hours => ${KEPT_HOURS}) limit ${SWEEP_ROWS_MAX})`;
}
