/** What a gateway needs beside the routing: endpoints, sealed credentials and the keys of applications. */
import type { Sql } from '@/db/client';

export interface ConnectionRow {
  id: string;
  kind: 'dynamodb' | 'terrascale';
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

/** The source connection, every target that its routing names, their active credentials, and live application keys. */
export async function readMaterial(sql: Sql, connectionId: string): Promise<Material> {
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
