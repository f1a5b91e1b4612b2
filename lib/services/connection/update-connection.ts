import { withTransaction } from '@/db/client';
import {
  type ConnectionRow,
  type NewConnection,
  readConnection,
  readConnectionUses,
  readKnownTable,
  updateConnectionRow,
} from '@/db/queries/connection/connections';
import { type ConnectionChange, connectionChange } from '@/lib/contracts/connection';
import { AppError } from '@/lib/domain/errors';
import { isTerraScale } from '@/lib/domain/store-kind';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { parseInput } from '../parse-input';
import { requireRole } from '../view/require-role';
import { nameTaken } from './create-connection';
import { credentialsOf, hintOf, ISSUER_PURPOSE, openCredentials, sealCredentials } from './credentials';
import { requireEndpoint, requireProbe } from './test-connection';

/**
 * Changes a connection. A new endpoint or key is tried before it is stored, and asks for the secret again: a stored
 * secret is never sent to an address that it was not given for. Limits take effect within two seconds.
 * @throws AppError `connection.not_found`, `connection.secret_needed`, `connection.in_use`, `connection.unreachable`,
 * `connection.key_refused`, `connection.name_taken`, `input.invalid`, `input.stale_form`
 */
export async function updateConnection(ctx: ServiceContext, actor: Actor, input: ConnectionChange): Promise<void> {
  requireRole(actor, 'admin');
  const given = parseInput(connectionChange, input);
  const row = await readConnection(ctx.db, given.connectionId);
  if (!row) throw new AppError('connection.not_found', 'There is no such connection.');
  if (row.version !== given.version) throw stale(row);
  const endpoint = given.endpoint === undefined ? row.endpoint : await requireEndpoint(given.endpoint);
  if (given.issuer) await requireEndpoint(given.issuer.url);
  const isElsewhere = endpoint !== row.endpoint || (given.kind ?? row.kind) !== row.kind;
  if (isElsewhere) await refuseWhileMoving(ctx, row);
  const store = await tried(ctx, row, { ...given, endpoint, isElsewhere });
  const change: Partial<NewConnection> = {
    ...(given.name === undefined ? {} : { name: given.name }),
    ...(given.mayCreateTables === undefined ? {} : { mayCreateTables: given.mayCreateTables }),
    ...(given.limits === undefined ? {} : { limits: given.limits }),
    ...(given.issuer === undefined
      ? {}
      : { issuerSealed: given.issuer && ctx.sealer.seal(JSON.stringify(given.issuer), ISSUER_PURPOSE) }),
    ...store,
  };
  const before = shownOf(row);
  const after = shownOf({ ...row, ...change } as ConnectionRow);
  try {
    await withTransaction(ctx.db, async (tx) => {
      const isFirst = await updateConnectionRow(tx, { id: row.id, version: given.version }, change);
      if (!isFirst) throw stale(await readConnection(tx, row.id));
      const sentence = `Connection ${after.name} was changed.`;
      await appendEvent(ctx, tx, { kind: 'connection.changed', sentence, actor, before, after });
      const detail = { before, after, isNewSecret: store.credentialSealed !== undefined };
      await appendAudit(ctx, tx, { action: 'connection.update', actor, subject: row.id, detail });
    });
  } catch (error) {
    throw nameTaken(error, after.name);
  }
}

interface Wanted {
  endpoint: string;
  isElsewhere: boolean;
  kind?: ConnectionRow['kind'] | undefined;
  region?: string | undefined;
  accessKeyId?: string | undefined;
  secretAccessKey?: string | undefined;
  sessionToken?: string | undefined;
}

/** The columns about the store, tried together; empty where endpoint, region and key stay as they are. */
async function tried(ctx: ServiceContext, row: ConnectionRow, wanted: Wanted): Promise<Partial<NewConnection>> {
  const kind = wanted.kind ?? row.kind;
  const region = wanted.region ?? row.region;
  const hasSecret = wanted.secretAccessKey !== undefined && wanted.secretAccessKey !== '';
  const stored = hasSecret && wanted.accessKeyId !== undefined ? null : openCredentials(ctx, row);
  const accessKeyId = wanted.accessKeyId ?? stored!.accessKeyId;
  const isNewKey = hasSecret || (stored !== null && accessKeyId !== stored.accessKeyId);
  if (!wanted.isElsewhere && !isNewKey && region === row.region) return {};
  // TerraScale has no secret beside the key itself, so there the key is what must be typed again.
  const isGiven = isTerraScale(kind) ? wanted.accessKeyId !== undefined : hasSecret;
  if ((wanted.isElsewhere || isNewKey) && !isGiven) throw secretNeeded(kind, wanted);
  const secretAccessKey = wanted.secretAccessKey ?? (isGiven ? '' : stored!.secretAccessKey);
  const sessionToken = wanted.sessionToken;
  const credentials =
    isNewKey || wanted.isElsewhere ? credentialsOf({ accessKeyId, secretAccessKey, sessionToken }) : stored!;
  const uses = await readConnectionUses(ctx.sql, row.id);
  const probe = await requireProbe(ctx, {
    target: { connectionId: row.id, kind, endpoint: wanted.endpoint, region, credentials },
    table: wanted.isElsewhere ? null : await readKnownTable(ctx.sql, row.id),
    mayTouch: isTerraScale(kind) && uses.every((use) => use.isTarget),
  });
  const sealed = { credentialSealed: sealCredentials(ctx, credentials), credentialHint: hintOf(accessKeyId) };
  return { kind, endpoint: wanted.endpoint, region, probe, ...(credentials === stored ? {} : sealed) };
}

function secretNeeded(kind: ConnectionRow['kind'], wanted: Wanted): AppError {
  const field = isTerraScale(kind) ? 'accessKeyId' : 'secretAccessKey';
  const why = wanted.isElsewhere ? 'A new address needs the secret again.' : 'A new key needs its secret.';
  return new AppError('connection.secret_needed', {
    sentence: `${why} Nothing was changed.`,
    fields: { [field]: why },
  });
}

/** Under way, gateways and workers hold this address: another store there would be taken for the same data. */
async function refuseWhileMoving(ctx: ServiceContext, row: ConnectionRow): Promise<void> {
  const use = (await readConnectionUses(ctx.sql, row.id)).find((one) => one.isMoving);
  if (!use) return;
  throw new AppError('connection.in_use', {
    sentence: `Plan ${use.planName} is moving tables over ${row.name}; its address stays until they are abandoned or retired.`,
    fields: { endpoint: `In use by plan ${use.planName}.` },
  });
}

const stale = (row: ConnectionRow | null): AppError =>
  new AppError(
    'input.stale_form',
    row
      ? `${row.name} was changed at ${row.updatedAt.toISOString()} (version ${row.version}). Look again; nothing was changed.`
      : 'The connection is gone.',
  );

const shownOf = (row: ConnectionRow) => ({
  name: row.name,
  kind: row.kind,
  endpoint: row.endpoint,
  region: row.region,
  credentialHint: row.credentialHint,
  mayCreateTables: row.mayCreateTables,
  limits: row.limits,
});
