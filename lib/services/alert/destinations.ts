import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { withTransaction } from '@/db/client';
import {
  insertAlerts,
  insertDestination,
  readDestination,
  removeDestination,
  storeDelivery,
  storeTest,
} from '@/db/queries/alert/alerts';
import { AppError } from '@/lib/domain/errors';
import { checkEndpoint } from '../connection/endpoint-guard';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { invalid, parseInput } from '../parse-input';
import { requireRole } from '../view/require-role';
import { ALERT_PURPOSE, post } from './deliver';

const destinationInput = z.object({
  name: z.string().trim().min(1, 'Give it a name.').max(80, 'At most 80 characters.'),
  url: z.string().trim().min(1, 'Give the address that takes a POST of JSON.').max(1_000, 'At most 1,000 characters.'),
  /** Signs each alert; one is made where none is given. */
  secret: z.union([z.literal(''), z.string().min(16, 'At least 16 characters.').max(256, 'At most 256.')]).optional(),
});
export type DestinationInput = z.input<typeof destinationInput>;

/** Adds a webhook. The secret is in this answer and cannot be read again. Role admin. */
export async function createAlertDestination(
  ctx: ServiceContext,
  actor: Actor,
  input: DestinationInput,
): Promise<{ destinationId: string; secret: string }> {
  requireRole(actor, 'admin');
  const given = parseInput(destinationInput, input);
  // A webhook's address may carry a token after `?`; what is guarded is where it leads.
  const checked = await checkEndpoint(given.url.split('?')[0]!);
  if (!checked.ok) throw invalid({ url: checked.error });
  const id = ctx.newId('destination');
  const secret = given.secret || randomBytes(24).toString('base64url');
  const { name, url } = given;
  await withTransaction(ctx.db, async (tx) => {
    const secretSealed = ctx.sealer.seal(secret, ALERT_PURPOSE);
    await insertDestination(tx, { id, name, url, secretSealed, createdBy: actor.id });
    const after = { name, host: new URL(url).host };
    const sentence = `Alert destination ${name} was added.`;
    await appendEvent(ctx, tx, { kind: 'alert.destination_added', sentence, actor, after });
    await appendAudit(ctx, tx, { action: 'alert.add_destination', actor, subject: id, detail: after });
  });
  return { destinationId: id, secret };
}

/** @throws AppError `alert.not_found` */
export async function removeAlertDestination(
  ctx: ServiceContext,
  actor: Actor,
  input: { destinationId: string },
): Promise<void> {
  requireRole(actor, 'admin');
  await withTransaction(ctx.db, async (tx) => {
    const name = await removeDestination(tx, input.destinationId);
    if (name === null) throw new AppError('alert.not_found', 'There is no such alert destination.');
    const sentence = `Alert destination ${name} was removed.`;
    await appendEvent(ctx, tx, { kind: 'alert.destination_removed', sentence, actor, before: { name } });
    const detail = { name };
    await appendAudit(ctx, tx, { action: 'alert.remove_destination', actor, subject: input.destinationId, detail });
  });
}

/**
 * Sends a test and stores what became of it: the checklist's item on monitoring rests on a delivered one.
 * @throws AppError `alert.not_found`, `alert.destination_failed`
 */
export async function sendTestAlert(
  ctx: ServiceContext,
  actor: Actor,
  input: { destinationId: string },
): Promise<{ sentence: string }> {
  requireRole(actor, 'operator');
  const destination = await readDestination(ctx.db, input.destinationId);
  if (!destination) throw new AppError('alert.not_found', 'There is no such alert destination.');
  const sentence = `This is a test from Landfall, sent by ${actor.name}. Nothing is wrong.`;
  const at = new Date(ctx.clock.nowMs());
  const alert = { id: ctx.newId('alert'), kind: 'test', planTableId: null, sentence, at };
  await insertAlerts(ctx.db, [{ ...alert, destinationId: destination.id }]);
  const error = await post(ctx, destination, alert);
  await withTransaction(ctx.db, async (tx) => {
    await storeDelivery(tx, alert.id, { isDelivered: error === null, error });
    await storeTest(tx, destination.id, error ?? 'ok');
    const outcome =
      error === null
        ? `A test alert reached ${destination.name}.`
        : `A test alert did not reach ${destination.name}: ${error}.`;
    await appendEvent(ctx, tx, { kind: 'alert.tested', sentence: outcome, actor });
    const detail = { isDelivered: error === null, error };
    await appendAudit(ctx, tx, { action: 'alert.test', actor, subject: destination.id, detail });
  });
  if (error !== null)
    throw new AppError('alert.destination_failed', {
      sentence: `${destination.name}: ${error}.`,
      fields: { url: error },
    });
  return { sentence: `${destination.name} took the test alert.` };
}
