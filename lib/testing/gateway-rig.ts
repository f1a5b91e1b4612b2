/** A source, a target, a migrated database and gateways over them: what the gateway's own tests stand on. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { withTransaction } from '@/db/client';
import { publishPassThrough, publishRouting, republishRouting } from '@/db/queries/routing/publish';
import { createLog } from '@/lib/adapters/log';
import { createSealer } from '@/lib/adapters/sealing';
import { type PlanSettings, PROFILES } from '@/lib/domain/plan/facts';
import type { Stage } from '@/lib/domain/plan/stages';
import { type RoutingChange, routingOf } from '@/lib/domain/plan/steps';
import { type GatewayOptions, type RunningGateway, startGateway } from '@/lib/gateway/run';
import { createTestDatabase, type TestDatabase } from './database';
import { type KeyNames, startTestSource, startTestTarget } from './emulator';
import { waitFor } from './wait-for';

const REGION = 'eu-central-1';

export interface RigOptions {
  /** Outside a test: the Postgres to make its database on. */
  serverUrl?: string;
  settings?: Partial<PlanSettings>;
}

export interface RigGateway extends RunningGateway {
  client: DynamoDBClient;
}

export type GatewayRig = Awaited<ReturnType<typeof startGatewayRig>>;

export async function startGatewayRig(options: RigOptions = {}) {
  const database: TestDatabase = await createTestDatabase(
    options.serverUrl === undefined ? undefined : { serverUrl: options.serverUrl },
  );
  const { sql, db } = database;
  const source = await startTestSource();
  const target = await startTestTarget({
    allowCreateTable: true,
    quota: { requestsPerSecond: 1_000_000, requestsPerMonth: 1_000_000_000 },
  });
  const dataDir = await mkdtemp(join(tmpdir(), 'landfall-gateway-'));
  const sealingKey = randomBytes(32).toString('hex');
  const sealer = createSealer(sealingKey);
  const settings: PlanSettings = { ...PROFILES.rehearsal, ...options.settings };
  const gateways = new Set<RigGateway>();
  const key = {
    accessKeyId: `LFTEST${randomBytes(6).toString('hex')}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  };

  for (const store of [source, target]) {
    const { connectionId, kind, endpoint, region, credentials } = store.target;
    const sealed = sealer.seal(JSON.stringify(credentials), 'connection');
    await sql`insert into connection (id, name, kind, endpoint, region, credential_sealed, credential_hint, limits)
      values (${connectionId}, ${kind}, ${kind}, ${endpoint}, ${region}, ${sealed}, 'test', '{}')`;
  }
  await sql`insert into gateway_key (id, application, access_key_id, secret_sealed, created_by)
    values ('key_test', 'test', ${key.accessKeyId}, ${sealer.seal(key.secretAccessKey, 'gateway-key')}, 'test')`;
  await publishPassThrough(db, source.target.connectionId);

  const rig = {
    database,
    source,
    target,
    settings,
    dataDir,
    sealingKey,
    sealer,
    key,
    connectionId: source.target.connectionId,
    targetConnectionId: target.target.connectionId,

    /** The environment of a gateway as a process of its own. */
    environment: (identity: string) => ({
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      LANDFALL_SEALING_KEY: sealingKey,
      LANDFALL_GATEWAY_CONNECTION: source.target.connectionId,
      LANDFALL_GATEWAY_IDENTITY: identity,
      LANDFALL_GATEWAY_PORT: '0',
      LANDFALL_METRICS_PORT: '0',
      LANDFALL_DATA_DIR: dataDir,
      LANDFALL_LOG_LEVEL: 'warn',
    }),

    clientOf: (url: string, given: Partial<typeof key> = {}) =>
      new DynamoDBClient({ endpoint: url, region: REGION, credentials: { ...key, ...given }, maxAttempts: 1 }),

    async gateway(
      identity: string,
      given: Partial<
        Pick<GatewayOptions, 'safeguards' | 'verifySignatures' | 'databaseUrl' | 'drainMs' | 'metrics' | 'log' | 'host'>
      > & { ready?: boolean } = {},
    ): Promise<RigGateway> {
      const { ready = true, ...rest } = given;
      const running = await startGateway({
        identity,
        dataDir,
        sealingKey,
        databaseUrl: database.url,
        connection: source.target.connectionId,
        host: '127.0.0.1',
        port: 0,
        log: createLog({ process: `gateway ${identity}`, level: 'error' }),
        ...rest,
        onFatal: (error) => {
          throw error;
        },
      });
      const gateway = { ...running, client: rig.clientOf(running.url) };
      gateways.add(gateway);
      if (ready) await gateway.ready;
      return gateway;
    },

    /** A table on both sides, in a plan of its own, with routing published for its first stage. */
    async table(name: string, keys: KeyNames, targetName = name): Promise<string> {
      await source.createTable(name, keys);
      await target.createTable(targetName, keys);
      const planId = `pln_${name}`;
      const id = `tbl_${name}`;
      const schema = { partition: keys.partition, sort: keys.sort ?? null };
      await sql`insert into plan (id, name, alias, strategy, source_connection_id, target_connection_id, settings, created_by)
        values (${planId}, ${`move ${name}`}, ${name}, 'dual_write', ${rig.connectionId}, ${rig.targetConnectionId},
          ${sql.json(settings as never)}, 'test')`;
      await sql`insert into plan_table (id, plan_id, name, alias, target_name, key_schema, shape, salt)
        values (${id}, ${planId}, ${name}, ${name}, ${targetName}, ${sql.json(schema as never)}, '{}', ${`${name}:v1`})`;
      await rig.stage(id, 'planned');
      return id;
    },

    publish: async (tableId: string, change: RoutingChange): Promise<number> =>
      (await withTransaction(db, (tx) => publishRouting(tx, tableId, change))).epoch,

    /** Publishes the routing of a stage, without gates or barriers: those belong to services. */
    stage: (tableId: string, stage: Stage, readShareMilli = 0): Promise<number> =>
      rig.publish(tableId, routingOf('dual_write', stage, readShareMilli)),

    /** Raises the epoch for a canary, as services do. */
    async canary(tableId: string, nonce: string | null): Promise<number> {
      await sql`update plan_table set canary_nonce = ${nonce} where id = ${tableId}`;
      return (await withTransaction(db, (tx) => republishRouting(tx, tableId))).epoch;
    },

    /** Waits until every registered gateway has acknowledged the epoch. */
    acknowledged: (epoch: number) =>
      waitFor(
        async () => {
          const rows = await sql<
            { ok: boolean }[]
          >`select coalesce(bool_and(acknowledged_epoch >= ${epoch}), false) as ok
            from gateway where state = 'registered'`;
          return rows[0]?.ok;
        },
        { what: `acknowledgement of epoch ${epoch}` },
      ),

    async stageEverywhere(tableId: string, stage: Stage, readShareMilli = 0): Promise<number> {
      const epoch = await rig.stage(tableId, stage, readShareMilli);
      await rig.acknowledged(epoch);
      return epoch;
    },

    dirty: async (tableId: string) =>
      await sql<{ key_id: string; cause: string; held: boolean }[]>`
        select key_id, cause, hold_until is not null as held from dirty_key where plan_table_id = ${tableId}`,

    async stop(): Promise<void> {
      for (const gateway of gateways) {
        gateway.client.destroy();
        await gateway.crash().catch(() => {});
      }
      await Promise.all([source.stop(), target.stop()]);
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return rig;
}
