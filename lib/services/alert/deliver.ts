import { createHmac } from 'node:crypto';
import { request } from 'undici';
import { withTransaction } from '@/db/client';
import {
  type DestinationRow,
  insertUnlessRaised,
  type PendingAlert,
  readDestination,
  readDestinations,
  readPending,
  storeDelivery,
} from '@/db/queries/alert/alerts';
import { checkEndpoint } from '../connection/endpoint-guard';
import type { ServiceContext } from '../context';

/** Kinds of alert; a receiver routes by them. */
export const ALERT_KINDS = [
  'test',
  'run_failed',
  'guardrail_tripped',
  'guardrail_rolled_back',
  'fence_aborted',
  'source_traffic',
  'dead_letter',
  'quota_ending',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const ALERT_PURPOSE = 'alert-destination';
export const ATTEMPTS_MAX = 5;
export const RETRY_MS = 5_000;
const ANSWER_MS_MAX = 5_000;
/** The same alert of the same table is raised at most this often. */
export const QUIET_MS = 15 * 60_000;

export interface AlertInput {
  kind: Exclude<AlertKind, 'test'>;
  planTableId: string | null;
  /** With names and numbers; never an item's value. */
  sentence: string;
}

/**
 * Stores an alert for every destination and tries to deliver it; what is not delivered is tried again by
 * `deliverPending`. Raising the same again within `QUIET_MS` does nothing. Never throws for what a destination does.
 */
export async function raiseAlert(ctx: ServiceContext, input: AlertInput): Promise<{ raised: boolean }> {
  const destinations = await readDestinations(ctx.db);
  const rows = destinations.map((one) => ({ ...input, id: ctx.newId('alert'), destinationId: one.id }));
  const of = { ...input, quietMs: QUIET_MS };
  const raised = await withTransaction(ctx.db, (tx) => insertUnlessRaised(tx, of, rows));
  if (!raised) return { raised };
  await Promise.all(
    rows.map(async (row, index) => {
      const at = new Date(ctx.clock.nowMs());
      await attempt(ctx, destinations[index]!, { ...row, attempts: 0, at });
    }),
  );
  return { raised: true };
}

/** Tries again what is due, at most `ATTEMPTS_MAX` times each; for the worker's loop. Returns how many arrived. */
export async function deliverPending(ctx: ServiceContext): Promise<number> {
  let delivered = 0;
  for (const pending of await readPending(ctx.sql, { attemptsMax: ATTEMPTS_MAX, retryMs: RETRY_MS })) {
    const destination = await readDestination(ctx.db, pending.destinationId);
    if (destination && (await attempt(ctx, destination, pending))) delivered += 1;
  }
  return delivered;
}

async function attempt(ctx: ServiceContext, destination: DestinationRow, alert: PendingAlert): Promise<boolean> {
  const error = await post(ctx, destination, alert);
  await storeDelivery(ctx.db, alert.id, { isDelivered: error === null, error });
  if (error !== null)
    ctx.log.warn({ alertId: alert.id, destinationId: destination.id, error }, 'An alert was not delivered');
  return error === null;
}

/**
 * POSTs one alert as JSON, signed: `x-landfall-signature: sha256=<HMAC of "<timestamp>.<body>">`. Null when the
 * destination answered 2xx, else what it did. Redirects are not followed: they could lead anywhere.
 */
export async function post(
  ctx: ServiceContext,
  destination: DestinationRow,
  alert: Pick<PendingAlert, 'id' | 'kind' | 'planTableId' | 'sentence' | 'at'>,
): Promise<string | null> {
  const checked = await checkEndpoint(destination.url.split('?')[0]!);
  if (!checked.ok) return checked.error;
  const secret = ctx.sealer.open(destination.secretSealed, ALERT_PURPOSE);
  if (!secret.ok) return 'its secret cannot be opened with the sealing key of this server';
  const { id, kind, planTableId: tableId, sentence, at } = alert;
  const body = JSON.stringify({ id, kind, tableId, sentence, at: at.toISOString(), from: 'landfall' });
  const timestamp = String(Math.floor(ctx.clock.nowMs() / 1_000));
  const signature = createHmac('sha256', secret.value).update(`${timestamp}.${body}`).digest('hex');
  try {
    const answer = await request(destination.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-landfall-timestamp': timestamp,
        'x-landfall-signature': `sha256=${signature}`,
      },
      body,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    await answer.body.dump();
    return answer.statusCode >= 200 && answer.statusCode < 300 ? null : `it answered HTTP ${answer.statusCode}`;
  } catch (error) {
    const { code, name } = error as { code?: unknown; name?: unknown };
    return name === 'TimeoutError'
      ? `no answer within ${ANSWER_MS_MAX} ms`
      : `it cannot be reached (${String(code ?? name)})`;
  }
}
