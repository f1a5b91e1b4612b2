/** Two gateways and two workers as processes, applications that never pause, and a table that goes forth and back. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordWorkerExit } from '@/db/queries/worker';
import { createSealer } from '@/lib/adapters/sealing';
import type { KeySchema } from '@/lib/domain/item/item';
import type { Verb } from '@/lib/domain/plan/moves';
import { ApplicationWriter, type WriterStats } from '@/lib/sandbox/application-writer';
import { approve } from '@/lib/services/table/approve';
import { dryRun } from '@/lib/services/table/dry-run';
import { type GatewayProcess, spawnGateway } from '../gateway-process';
import { TEST_SEALING_KEY } from '../plan-fixture';
import { GRACE, openServiceRig, type RigTable, type RigTableOptions } from '../service-rig';
import { watchRequests } from '../store-contents';
import { waitFor } from '../wait-for';
import { spawnWorker, type WorkerProcess } from '../worker-process';

export const SCENE_SCHEMA: KeySchema = {
  partition: { name: 'tenant', type: 'S' },
  sort: { name: 'order', type: 'S' },
};
/** A late request lands at most 400 ms after its sender gave up, far within Δ. */
export const SCENE_SETTINGS = { deltaMs: 1_000, holdMsMax: 1_800, storeTimeoutMs: 890, mirrorWaitMsMax: 250 };
const APPLICATION_KEY = { accessKeyId: 'LFLONGRUN0000000', secretAccessKey: 'long-run-secret' };
const REGION = 'eu-central-1';

export type FenceScene = Awaited<ReturnType<typeof openFenceScene>>;

export interface FenceEnd {
  step: 'released' | 'aborted';
  heldMs: number;
  why: string | null;
}

/** A refusal with the gates that are not met, so that a run that waits in vain says for what. */
function saying(error: Error & { detail?: { gates?: unknown } }): never {
  const gates = error.detail?.gates as { met: boolean; gate: string; observed: string }[] | undefined;
  const unmet = gates?.filter((gate) => !gate.met).map((gate) => `${gate.gate}: ${gate.observed}`);
  throw unmet ? new Error(`${error.message} ${unmet.join('; ')}`) : error;
}

export async function openFenceScene(options: { serverUrl: string; writesPerSecond: number }) {
  const rig = await openServiceRig({ serverUrl: options.serverUrl });
  const folder = mkdtempSync(join(tmpdir(), 'landfall-fences-'));
  const logDir = join(folder, 'record');
  mkdirSync(logDir);
  const common = { schema: SCENE_SCHEMA, settings: SCENE_SETTINGS };
  const orders = await rig.newTable({ ...common, name: 'orders', stage: 'shift' });
  const { sourceConnectionId } = orders;
  const secret = createSealer(TEST_SEALING_KEY).seal(APPLICATION_KEY.secretAccessKey, 'gateway-key');
  await rig.sql`insert into gateway_key (id, application, access_key_id, secret_sealed, created_by)
    values ('key_long', 'long run', ${APPLICATION_KEY.accessKeyId}, ${secret}, 'test')`;

  /** Which side carried out the requests that only an authority is sent: expressions never go to a follower. */
  const carriedOut: { table: string; side: 'source' | 'target' }[] = [];
  for (const side of ['source', 'target'] as const)
    watchRequests(rig[side].running.engine, (operation, input) => {
      if (operation === 'UpdateItem') carriedOut.push({ table: String(input.TableName), side });
    });

  const gateways = new Map<string, GatewayProcess>();
  const startGateway = async (identity: string, port?: number) => {
    const dataDir = folder;
    const made = await spawnGateway({
      ...{ databaseUrl: rig.database.url, connection: sourceConnectionId, identity, dataDir, port },
    });
    gateways.set(identity, made);
  };
  const workers: WorkerProcess[] = [];
  const startWorker = async () => void workers.push(await spawnWorker({ databaseUrl: rig.database.url }));
  await Promise.all([startGateway('one'), startGateway('two'), startWorker(), startWorker()]);

  const writers: ApplicationWriter[] = [];
  let run = 0;
  const write = (table: string): ApplicationWriter[] => {
    run += 1;
    return [...gateways.values()].map((gateway, index) => {
      const writer = new ApplicationWriter({
        ...{ endpoint: gateway.url, region: REGION, credentials: APPLICATION_KEY, logDir, table },
        ...{ writer: 'ab'[index] as string, run: `${table}-${run}` },
        ...{ writesPerSecond: options.writesPerSecond, readsPerSecond: options.writesPerSecond / 4 },
      });
      writers.push(writer);
      writer.start();
      return writer;
    });
  };

  /** Signed anew for each try: the workers let sign-offs lapse that rest on nothing. */
  const signOff = async (table: RigTable) => {
    for (const item of ['data_verified', 'reads_on_target', 'writes_on_target', 'monitoring', 'rollback', 'training'])
      await rig.sql`insert into sign_off (id, plan_id, item, evidence_hash, evidence, signed_by, signed_by_name)
        values (${`sgn_${rig.ctx.random()}`}, ${table.planId}, ${item}, 'h', '{}', 'x', 'X')`;
  };

  const scene = {
    rig,
    orders,
    logDir,
    gateways,
    workers,
    carriedOut,
    write,
    newTable: (given: RigTableOptions) => rig.newTable({ ...common, beside: orders, ...given }),
    stats: (): WriterStats[] => writers.map((writer) => writer.stats()),

    /** Kill -9; the same identity comes back at the same address. */
    async killGateway(identity: string): Promise<void> {
      const victim = gateways.get(identity) as GatewayProcess;
      await victim.kill();
      await startGateway(identity, Number(new URL(victim.url).port));
    },
    /** Kill -9 of one worker, or of the one that has this job in hand; its supervisor sees it end and starts another. */
    async killWorker(jobKey?: string): Promise<void> {
      const [driver] = jobKey
        ? await rig.sql<{ id: string }[]>`select w.id from worker w join graphile_worker.jobs j
            on j.locked_by = any (string_to_array(w.pool_id, ',')) where j.key = ${jobKey}`
        : [];
      const index = Math.max(0, driver ? workers.findIndex((one) => one.workerId === driver.id) : 0);
      const [victim] = workers.splice(index, 1) as [WorkerProcess];
      await victim.kill();
      await recordWorkerExit(rig.sql, victim.workerId);
      await startWorker();
    },

    /** Makes a move as soon as its gates let it; returns its fence. */
    async open(table: RigTable, verb: Verb): Promise<string> {
      return await waitFor(
        async () => {
          await scene.observed(table);
          if (verb === 'close_source') await signOff(table);
          if (verb === 'flip_writes' || verb === 'close_source') {
            const { planHash } = await dryRun(rig.ctx, GRACE, { tableId: table.id, verb });
            await approve(rig.ctx, GRACE, { tableId: table.id, verb, planHash: planHash as string });
          }
          return (await table.move(verb, { typedName: table.name }).catch(saying)).fenceId;
        },
        { what: `the gates of ${verb}`, timeoutMs: 60_000, everyMs: 50 },
      );
    },
    async ended(fenceId: string): Promise<FenceEnd> {
      return await waitFor(
        async () => {
          const [row] = await rig.sql<FenceEnd[]>`
            select step, (extract(epoch from updated_at - opened_at) * 1000)::float8 as "heldMs", aborted_reason as why
            from fence where id = ${fenceId} and step in ('released', 'aborted')`;
          return row;
        },
        { what: 'the fence to end', timeoutMs: 60_000, everyMs: 10 },
      );
    },
    /** What a shift at 100 % has to show: everybody has acknowledged, reads were counted, the verification is fresh. */
    async observed(table: RigTable): Promise<void> {
      await table.makeReady();
      await table.makeVerified();
      const epoch = await table.headEpoch();
      await waitFor(
        async () => {
          const behind =
            await rig.sql`select 1 from gateway where state = 'registered' and acknowledged_epoch < ${epoch}`;
          return behind.length === 0;
        },
        { what: 'both gateways to acknowledge', timeoutMs: 60_000 },
      );
      // The gates of a share are not what is looked at here: a read that fell back under chance kills would hold them
      // for a minute.
      await rig.sql`delete from traffic_sample where plan_table_id = ${table.id}`;
      await table.traffic({ reads_target: 10, writes: 10, mirrored: 10 });
    },
    async settled(): Promise<void> {
      await waitFor(
        async () => {
          const [row] = await rig.sql<{ n: number }[]>`select (select count(*) from dirty_key)::int
            + (select coalesce(sum(intents_open), 0) from gateway where state = 'registered')::int as n`;
          return row?.n === 0;
        },
        { what: 'every dirty key and intent to be settled', timeoutMs: 60_000 },
      );
    },
    async stopWriters(): Promise<void> {
      await Promise.all(writers.map((writer) => writer.stop()));
    },
    async close(): Promise<void> {
      await scene.stopWriters().catch(() => {});
      await Promise.all([...gateways.values(), ...workers].map((one) => one.kill()));
      await rig.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return scene;
}
