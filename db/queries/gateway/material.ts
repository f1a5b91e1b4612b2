/** What a gateway needs beside the routing: endpoints, sealed credentials and the keys of applications. */

import type { Sql } from '@/db/client';
import type { StoreKind } from '@/lib/domain/store-kind';

export interface ConnectionRow {
  id: string;
  kind: StoreKind;
  endpoint: string;
  region: string;
  credentialSealed: string;
}
export interface CredentialRow {
  id: string;
  connectionId: string;
  purpose: string;
  credentialSealed: string;
}
export interface KeyRow {
  accessKeyId: string;
  application: string;
  secretSealed: string;
  tables: string[] | null;
  operations: string[] | null;
}
export interface Material {
  connections: ConnectionRow[];
  credentials: CredentialRow[];
  keys: KeyRow[];
}

/**
 * The source connection, every target that its routing names, their active credentials, and live application keys. Null
 * for a gateway that was declared dead: keys that replace those that it knew are kept from it.
 */
export async function readMaterial(
  sql: Sql,
  of: { connectionId: string; gatewayId: string },
): Promise<Material | null> {
  const { connectionId, gatewayId } = of;
  const dead = await sql`select 1 from gateway where id = ${gatewayId} and state = 'declared_dead'`;
  if (dead.length > 0) return null;
  const used = sql`(c.id = ${connectionId} or c.id in
    (select target_connection_id from routing where connection_id = ${connectionId}))`;
  const connections = await sql<ConnectionRow[]>`
    select c.id, c.kind, c.endpoint, c.region, c.credential_sealed as "credentialSealed" from connection c
    where ${used} order by c.id`;
  const credentials = await sql<CredentialRow[]>`
    select s.id, s.connection_id as "connectionId", s.purpose, s.credential_sealed as "credentialSealed"
    from store_credential s join connection c on c.id = s.connection_id
    where s.state = 'active' and ${used} order by s.created_at, s.id`;
  const keys = await sql<KeyRow[]>`
    select access_key_id as "accessKeyId", application, secret_sealed as "secretSealed", tables, operations
    from gateway_key where revoked_at is null order by access_key_id`;
  return { connections: [...connections], credentials: [...credentials], keys: [...keys] };
}
