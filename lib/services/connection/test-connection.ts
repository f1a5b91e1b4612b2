import { readConnection, readConnectionUses, readKnownTable, storeProbe } from '@/db/queries/connection/connections';
import type { ProbeResult } from '@/db/schema/connection';
import { type ConnectionInput, connectionInput } from '@/lib/contracts/connection';
import { AppError } from '@/lib/domain/errors';
import { isTerraScale } from '@/lib/domain/store-kind';
import type { Actor, ServiceContext } from '../context';
import { notifyChanges } from '../evidence/event';
import { invalid, parseInput } from '../parse-input';
import { requireRole } from '../view/require-role';
import { credentialsOf, openCredentials } from './credentials';
import { checkEndpoint } from './endpoint-guard';
import { type ProbeAsk, type Probed, probeStore } from './probe';

/** The checked address. @throws AppError `input.invalid` naming `endpoint` */
export async function requireEndpoint(text: string): Promise<string> {
  const checked = await checkEndpoint(text);
  if (!checked.ok) throw invalid({ endpoint: checked.error });
  return checked.value;
}

/**
 * Probes and refuses what cannot be used.
 * @throws AppError `connection.unreachable` naming `endpoint`, `connection.key_refused` naming `accessKeyId`
 */
export async function requireProbe(ctx: ServiceContext, ask: ProbeAsk): Promise<ProbeResult> {
  const probed = await probeStore(ctx, ask);
  refuseUnusable(probed);
  return probed.result;
}

const CHECK_ENDPOINT = 'Check scheme, host and port, and that this server may reach it.';
const CHECK_KEY = 'Check the id, its secret and the region that it belongs to.';

function refuseUnusable({ result, verdict }: Probed): void {
  if (verdict === 'unreachable')
    throw new AppError('connection.unreachable', { sentence: result.sentence, fields: { endpoint: CHECK_ENDPOINT } });
  if (verdict === 'key_refused')
    throw new AppError('connection.key_refused', {
      sentence: result.sentence,
      fields: { accessKeyId: CHECK_KEY },
    });
}

/** Tries what stands in the form, without storing anything. Role admin, as for storing it. */
export async function testConnection(ctx: ServiceContext, actor: Actor, input: ConnectionInput): Promise<ProbeResult> {
  requireRole(actor, 'admin');
  const given = parseInput(connectionInput, input);
  requireSecret(given);
  const endpoint = await requireEndpoint(given.endpoint);
  const target = { connectionId: 'new', kind: given.kind, endpoint, region: given.region };
  return await requireProbe(ctx, {
    target: { ...target, credentials: credentialsOf(given) },
    table: null,
    mayTouch: isTerraScale(given.kind),
  });
}

/** DynamoDB signs with the secret; TerraScale ignores it. */
export function requireSecret(given: { kind: string; secretAccessKey: string }): void {
  if (given.kind === 'dynamodb' && given.secretAccessKey === '')
    throw invalid({ secretAccessKey: 'Type the secret key.' });
}

/**
 * Tries a stored connection and stores what was found, good or bad.
 * @throws AppError `connection.not_found`, `connection.unreachable`, `connection.key_refused`
 */
export async function probeConnection(
  ctx: ServiceContext,
  actor: Actor,
  input: { connectionId: string },
): Promise<ProbeResult> {
  requireRole(actor, 'operator');
  const row = await readConnection(ctx.db, input.connectionId);
  if (!row) throw new AppError('connection.not_found', 'There is no such connection.');
  const endpoint = await requireEndpoint(row.endpoint);
  const [table, uses] = await Promise.all([readKnownTable(ctx.sql, row.id), readConnectionUses(ctx.sql, row.id)]);
  const isSource = uses.some((use) => !use.isTarget);
  const probed = await probeStore(ctx, {
    target: {
      connectionId: row.id,
      kind: row.kind,
      endpoint,
      region: row.region,
      credentials: openCredentials(ctx, row),
    },
    table,
    mayTouch: !isSource && (isTerraScale(row.kind) || uses.some((use) => use.isTarget)),
  });
  await storeProbe(ctx.db, row.id, probed.result);
  await notifyChanges(ctx.db, { topic: 'connection', planId: null, planTableId: null });
  refuseUnusable(probed);
  return probed.result;
}
