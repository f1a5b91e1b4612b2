/**
 * A table on its way with a real gateway, a real worker and two writers: one through the gateway, one past it. The
 * channel is proven through the stream, the copy is made from an export taken afterwards, and both sides end equal.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '@/lib/adapters/log';
import { type RunningGateway, startGateway } from '@/lib/gateway/run';
import { writeExport } from '@/lib/sandbox/exports/write-export';
import { chooseExport } from '@/lib/services/export/choose-source';
import { setLiveChannel } from '@/lib/services/table/live-channel';
import { backfillView } from '@/lib/services/view/run-view';
import { type RunningWorker, startWorker } from '@/lib/worker/run';
import { bindServices } from '@/lib/worker/services';
import { TEST_SEALING_KEY } from './plan-fixture';
import { ADA, openServiceRig, type RigTable, type ServiceRig } from './service-rig';
import { contents } from './store-contents';
import { waitFor } from './wait-for';

const OLD_ITEMS = 120;

describe('a table with a writer beside its gateway', () => {
  let rig: ServiceRig;
  let table: RigTable;
  let folder: string;
  let gateway: RunningGateway;
  let worker: RunningWorker;
  let application: DynamoDBClient;
  let rogue: DynamoDBClient;
  const writers: { stop(): Promise<void> }[] = [];

  beforeAll(async () => {
    rig = await openServiceRig();
    folder = await mkdtemp(join(tmpdir(), 'landfall-stream-'));
    table = await rig.newTable({ settings: { deltaMs: 300, recheckDelayMs: 50 } });
    await rig.sql`update plan_table set barrier_verb = null, barrier_passed_at = null, canary_arrived_at = null where id = ${table.id}`;
    await table.makeReady();
    const log = createLog({ process: 'test', level: 'error' });
    const common = { databaseUrl: rig.database.url, sealingKey: TEST_SEALING_KEY, log };
    gateway = await startGateway({
      ...common,
      connection: table.sourceConnectionId,
      identity: 'one',
      dataDir: folder,
      host: '127.0.0.1',
      port: 0,
      verifySignatures: false,
    });
    await gateway.ready;
    worker = await startWorker({
      ...common,
      services: bindServices(rig.ctx),
      limits: { streamPollMs: 100, streamListMs: 1_000 },
    });
    const region = 'eu-central-1';
    const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
    application = new DynamoDBClient({ endpoint: gateway.url, region, credentials });
    rogue = new DynamoDBClient({ endpoint: rig.source.endpoint, region, credentials: rig.source.credentials });
  }, 60_000);
  afterAll(async () => {
    for (const writer of writers) await writer.stop();
    application.destroy();
    rogue.destroy();
    await worker.stop();
    await gateway.crash();
    await rig.close();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  const write = (client: DynamoDBClient, name: string) => {
    let isStopped = false;
    const running = (async () => {
      for (let turn = 0; !isStopped; turn += 1) {
        const pk = { S: `${turn % 3 === 0 ? 'old' : name}-${turn % 40}` };
        const item = { pk, turn: { N: String(turn) }, by: { S: name } };
        if (turn % 7 === 6) await client.send(new DeleteItemCommand({ TableName: table.name, Key: { pk } }));
        else await client.send(new PutItemCommand({ TableName: table.name, Item: item }));
        // A script now and then, not a load.
        await new Promise<void>((done) => setTimeout(done, client === rogue ? 40 : 10));
      }
    })();
    writers.push({
      stop: async () => {
        isStopped = true;
        await running;
      },
    });
  };
  const source = () => rig.source.running.engine;
  const both = async () =>
    Promise.all([contents(source(), table.name, ['pk']), contents(rig.target.running.engine, table.name, ['pk'])]);
  const moves = (verb: 'begin_dual_write' | 'begin_backfill') =>
    waitFor(() => table.move(verb), { what: `the gates of ${verb}`, timeoutMs: 30_000, everyMs: 100 });

  it('is copied from an export and ends equal, with the writes beside it found and counted', async () => {
    for (let at = 0; at < OLD_ITEMS; at += 1)
      await source().run('PutItem', { TableName: table.name, Item: { pk: { S: `old-${at}` }, v: { S: 'old' } } });
    await setLiveChannel(rig.ctx, ADA, { tableId: table.id, liveChannel: 'gateway_stream' });
    write(application, 'app');
    await moves('begin_dual_write');
    const proven = await waitFor(
      async () => {
        const { stream } = await backfillView(rig.ctx, ADA, table.id);
        return stream?.canarySeenAt && (await table.look()).canary_arrived_at ? stream : null;
      },
      { what: 'the canary in the stream and on the target' },
    );
    expect(proven).toMatchObject({ state: 'open', enabledByLandfall: true, view: 'KEYS_ONLY' });
    write(rogue, 'rogue');
    // The export shows a time later than that proof plus Δ.
    await waitFor(async () => Date.now() > (await table.look()).canary_arrived_at!.getTime() + 1_000, { what: 'Δ' });
    const { Items } = (await source().run('Scan', { TableName: table.name })) as { Items: never[] };
    const what = { type: 'FULL_EXPORT' as const, items: Items, exportTimeMs: Date.now() };
    const made = writeExport({ root: folder, table: table.name, filesMax: 4, what });
    const place = { kind: 'folder' as const, path: '.' };
    await chooseExport({ ...rig.ctx, exportDir: folder }, ADA, { tableId: table.id, place, prefixes: [made.folder] });
    await moves('begin_backfill');
    const done = await waitFor(
      async () => {
        const { runs } = await backfillView(rig.ctx, ADA, table.id);
        return runs[0]?.state === 'done' ? runs[0] : null;
      },
      { what: 'the backfill' },
    );
    expect(done).toMatchObject({ source: 'export', itemsRead: made.itemCount });
    await waitFor(async () => ((await backfillView(rig.ctx, ADA, table.id)).stream?.besideGateway ?? 0) > 0, {
      what: 'writes beside the gateway to be counted',
    });
    for (const writer of writers.splice(0)) await writer.stop();
    await waitFor(
      async () => {
        const [truth, copy] = await both();
        expect(copy).toEqual(truth);
        return true;
      },
      { what: 'both stores to be equal', everyMs: 200 },
    );
    await waitFor(async () => ((await backfillView(rig.ctx, ADA, table.id)).stream?.lagMs ?? 1e9) < 3_000, {
      what: 'the stream to be read up to now',
    });
  });
});
