import { sqlStateOf, withTransaction } from '@/db/client';
import { insertConnection } from '@/db/queries/connection/connections';
import { type ConnectionInput, connectionInput, DEFAULT_LIMITS } from '@/lib/contracts/connection';
import { AppError } from '@/lib/domain/errors';
import { isTerraScale } from '@/lib/domain/store-kind';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { once } from '../evidence/idempotency';
import { parseInput } from '../parse-input';
import { publishPassThrough } from '../routing/publish';
import { requireRole } from '../view/require-role';
import { credentialsOf, hintOf, ISSUER_PURPOSE, sealCredentials } from './credentials';
import { requireEndpoint, requireProbe, requireSecret } from './test-connection';

const UNIQUE_VIOLATION = '23505';

/**
 * Stores a connection that has just been tried: nothing is kept of one that does not answer or refuses the key. A
 * DynamoDB connection gets its pass-through routing (epoch 1), so that a gateway can serve it before any plan exists.
 * @throws AppError `input.invalid`, `connection.unreachable`, `connection.key_refused`, `connection.name_taken`
 */
export async function createConnection(
  ctx: ServiceContext,
  actor: Actor,
  input: ConnectionInput & { idempotencyKey?: string | null },
): Promise<{ connectionId: string }> {
  requireRole(actor, 'admin');
  const { idempotencyKey = null, ...rest } = input;
  const given = parseInput(connectionInput, rest);
  requireSecret(given);
  const endpoint = await requireEndpoint(given.endpoint);
  if (given.issuer) await requireEndpoint(given.issuer.url);
  const id = ctx.newId('connection');
  const credentials = credentialsOf(given);
  const probe = await requireProbe(ctx, {
    target: { connectionId: id, kind: given.kind, endpoint, region: given.region, credentials },
    table: null,
    mayTouch: isTerraScale(given.kind),
  });
  const { name, kind, region, mayCreateTables } = given;
  const row = {
    ...{ id, name, kind, endpoint, region, mayCreateTables, probe },
    credentialSealed: sealCredentials(ctx, credentials),
    credentialHint: hintOf(credentials.accessKeyId),
    issuerSealed: given.issuer ? ctx.sealer.seal(JSON.stringify(given.issuer), ISSUER_PURPOSE) : null,
    limits: given.limits ?? DEFAULT_LIMITS[kind],
  };
  const shown = { name, kind, endpoint, region, credentialHint: row.credentialHint, limits: row.limits };
  const ask = { key: idempotencyKey, action: 'connection.create', actorId: actor.id, payload: shown };
  try {
    return await withTransaction(ctx.db, (tx) =>
      once(tx, ask, async () => {
        await insertConnection(tx, row);
        if (kind === 'dynamodb') await publishPassThrough(tx, id);
        const sentence = `Connection ${name} was made: ${endpoint}.`;
        await appendEvent(ctx, tx, { kind: 'connection.created', sentence, actor, after: shown });
        await appendAudit(ctx, tx, { action: 'connection.create', actor, subject: id, detail: shown, idempotencyKey });
        return { connectionId: id };
      }),
    );
  } catch (error) {
    throw nameTaken(error, name);
  }
}

/** The unique name as a refusal that names its field; anything else as it was. */
export function nameTaken(error: unknown, name: string): unknown {
  if (sqlStateOf(error) !== UNIQUE_VIOLATION) return error;
  return new AppError('connection.name_taken', {
    sentence: `There is a connection called ${name} already.`,
    fields: { name: 'Choose another name.' },
  });
}
