import type { ConnectionRow } from '@/db/queries/connection/connections';
import type { StoreCredentials, StoreTarget } from '@/lib/adapters/ports';
import { AppError } from '@/lib/domain/errors';
import type { ServiceContext } from '../context';

/** Purpose that a connection's credential is sealed for; gateways and workers open it with the same. */
export const CONNECTION_PURPOSE = 'connection';
export const ISSUER_PURPOSE = 'issuer';
/** TerraScale looks at the access key id alone, and a signature needs some secret. */
const IGNORED_SECRET = 'ignored';

export function sealCredentials(ctx: Pick<ServiceContext, 'sealer'>, given: StoreCredentials): string {
  return ctx.sealer.seal(JSON.stringify(given), CONNECTION_PURPOSE);
}

export function openCredentials(
  ctx: Pick<ServiceContext, 'sealer'>,
  row: Pick<ConnectionRow, 'name' | 'credentialSealed'>,
): StoreCredentials {
  const opened = ctx.sealer.open(row.credentialSealed, CONNECTION_PURPOSE);
  if (opened.ok) return JSON.parse(opened.value) as StoreCredentials;
  throw new AppError('connection.secret_needed', {
    sentence: `The stored secret of ${row.name} cannot be opened: the sealing key of this server is another one.`,
    fields: { secretAccessKey: 'Type the secret again.' },
  });
}

export const credentialsOf = (input: {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}): StoreCredentials => ({
  accessKeyId: input.accessKeyId,
  secretAccessKey: input.secretAccessKey === '' ? IGNORED_SECRET : input.secretAccessKey,
  ...(input.sessionToken ? { sessionToken: input.sessionToken } : {}),
});

/** What may be shown of a key: its last four characters. */
export const hintOf = (accessKeyId: string): string => `…${accessKeyId.slice(-4)}`;

/** The store of a connection, as adapters want it. */
export function storeTargetOf(ctx: Pick<ServiceContext, 'sealer'>, row: ConnectionRow, timeoutMs: number): StoreTarget {
  const { id: connectionId, kind, endpoint, region } = row;
  return { connectionId, kind, endpoint, region, credentials: openCredentials(ctx, row), timeoutMs };
}
