/**
 * The fence end to end: real gateways, real workers and writers that never pause. Authority goes forth and back again
 * and again; nobody sees an error, no acknowledged write is lost, and both sides end equal. What is expected comes from
 * the writers' own records, and the stores are read past every adapter.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordWorkerExit } from '@/db/queries/worker';
import { createLog } from '@/lib/adapters/log';
import { type RunningGateway, startGateway } from '@/lib/gateway/run';
import { approve } from '@/lib/services/table/approve';
import { dryRun } from '@/lib/services/table/dry-run';
import { type RunningWorker, startWorker } from '@/lib/worker/run';
import { bindServices } from '@/lib/worker/services';
import { TEST_SEALING_KEY } from './plan-fixture';
import { GRACE, openServiceRig, type RigTable, type ServiceRig } from './service-rig';
import { contents } from './store-contents';
import { waitFor } from './wait-for';
import { spawnWorker } from './worker-process';

const PAUSE_MS_MAX = 2_000;
/** What a driver that is killed may add: the next one finishes the fence, or undoes it at its bound. */
const TAKE_OVER_MS_MAX = 1_000;
/** Keys that only one writer writes, and counters that all of them add to. */
const OWN_KEYS = 30;
const COUNTERS = 3;
/** SDKs repeat what a held gateway turns away; more than this would be an error of the application. */
const ATTEMPTS_MAX = 10;

type Item = Record<string, { S: string } | { N: string }>;

interface Writer {
  /** What was acknowledged, by key; null: deleted. */
  record: Map<string, Item | null>;
  added: number[];
  writes: number;
  errors: unknown[];
  stop(): Promise<void>;
}

/** One application: one request at a time, to whichever gateway comes next. */
function startWriter(name: string, table: string, clients: readonly DynamoDBClient[]): Writer {
  let isStopped = false;
  const writer: Writer = {
    record: new Map(),
    added: Array.from({ length: COUNTERS }, () => 0),
    writes: 0,
    errors: [],
    stop: async () => {
      isStopped = true;
      await running;
    },
  };
  const one = async (turn: number, client: DynamoDBClient): Promise<void> => {
    const pk = `${name}-${(turn * 7) % OWN_KEYS}`;
    const key = { pk: { S: pk } };
    const item: Item = { ...key, turn: { N: String(turn) }, by: { S: name } };
    const kind = turn % 5;
    if (kind === 0) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: key }));
      writer.record.set(pk, null);
    } else if (kind === 1) {
      const also: Item = { ...item, pk: { S: `${name}-${((turn + 1) * 7) % OWN_KEYS}` } };
      const left = await client.send(
        new BatchWriteItemCommand({
          RequestItems: { [table]: [{ PutRequest: { Item: item } }, { PutRequest: { Item: also } }] },
        }),
      );
      expect(left.UnprocessedItems ?? {}).toEqual({});
      writer.record.set(pk, item);
      writer.record.set((also.pk as { S: string }).S, also);
    } else if (kind === 2) {
      const at = turn % COUNTERS;
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { pk: { S: `counter-${at}` } },
          UpdateExpression: 'ADD added :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        }),
      );
      writer.added[at] = (writer.added[at] as number) + 1;
    } else if (kind === 3) {
      const said = await client.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }));
      // Its own writes, whichever side they went to.
      expect(said.Item ?? null).toEqual(writer.record.get(pk) ?? null);
    } else {
      await client.send(new PutItemCommand({ TableName: table, Item: item }));
      writer.record.set(pk, item);
    }
  };
  const running = (async () => {
    for (let turn = 0; !isStopped; turn += 1) {
      try {
        await one(turn, clients[turn % clients.length] as DynamoDBClient);
      } catch (error) {
        writer.errors.push(error);
      }
      writer.writes += 1;
    }
  })();
  return writer;
}

describe('a table whose authority goes forth and back under load', () => {
  let rig: ServiceRig;
  let table: RigTable;
  let folder: string;
  const gateways: RunningGateway[] = [];
  const clients: DynamoDBClient[] = [];
  const workers: RunningWorker[] = [];
  const writers: Writer[] = [];

  beforeAll(async () => {
    rig = await openServiceRig();
    folder = await mkdtemp(join(tmpdir(), 'landfall-fence-'));
    table = await rig.newTable({ stage: 'shift', settings: { deltaMs: 500, holdMsMax: 2_000, storeTimeoutMs: 900 } });
    for (const identity of ['one', 'two']) {
      const gateway = await startGateway({
        databaseUrl: rig.database.url,
        sealingKey: TEST_SEALING_KEY,
        connection: table.sourceConnectionId,
        identity,
        dataDir: folder,
        host: '127.0.0.1',
        port: 0,
        verifySignatures: false,
        log: createLog({ process: `gateway ${identity}`, level: 'error' }),
      });
      await gateway.ready;
      gateways.push(gateway);
      clients.push(
        new DynamoDBClient({
          endpoint: gateway.url,
          region: 'eu-central-1',
          credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
          maxAttempts: ATTEMPTS_MAX,
        }),
      );
    }
    workers.push(await newWorker());
  }, 60_000);
  afterAll(async () => {
    for (const writer of writers) await writer.stop();
    for (const client of clients) client.destroy();
    for (const worker of workers) await worker.stop().catch(() => {});
    for (const gateway of gateways) await gateway.crash();
    await rig.close();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  const newWorker = () =>
    startWorker({
      databaseUrl: rig.database.url,
      sealingKey: TEST_SEALING_KEY,
      services: bindServices(rig.ctx),
      log: createLog({ process: 'worker', level: 'error' }),
    });

  /** Makes a move as soon as its gates let it; returns the fence that it opened. */
  async function open(verb: 'flip_writes' | 'flip_back'): Promise<string> {
    return await waitFor(
      async () => {
        if (verb === 'flip_writes') {
          const { planHash } = await dryRun(rig.ctx, GRACE, { tableId: table.id, verb });
          await approve(rig.ctx, GRACE, { tableId: table.id, verb, planHash: planHash as string });
        }
        return (await table.move(verb, { typedName: table.name })).fenceId;
      },
      { what: `the gates of ${verb}`, timeoutMs: 20_000, everyMs: 50 },
    );
  }

  /** The end of a fence: how it ended, and for how long writes were held. */
  async function ended(fenceId: string): Promise<{ step: string; heldMs: number; why: string | null }> {
    return await waitFor(
      async () => {
        const [row] = await rig.sql<{ step: string; heldMs: number; why: string | null }[]>`
          select step, (extract(epoch from updated_at - opened_at) * 1000)::float8 as "heldMs", aborted_reason as why
          from fence where id = ${fenceId} and step in ('released', 'aborted')`;
        return row;
      },
      { what: 'the fence to end', timeoutMs: 20_000, everyMs: 10 },
    );
  }

  /** One that is undone for a passing reason is opened again, as an operator would. */
  async function cross(verb: 'flip_writes' | 'flip_back'): Promise<number> {
    const reasons: (string | null)[] = [];
    for (let tries = 1; tries <= 5; tries += 1) {
      const end = await ended(await open(verb));
      if (end.step === 'released') return end.heldMs;
      reasons.push(end.why);
    }
    throw new Error(`${verb} was undone: ${reasons.join('; ')}`);
  }

  async function observed(): Promise<void> {
    await table.makeReady();
    await table.makeVerified();
    const [{ epoch } = { epoch: 0 }] = await rig.sql<{ epoch: number }[]>`
      select epoch::int as epoch from routing_head where connection_id = ${table.sourceConnectionId}`;
    await waitFor(
      async () =>
        (await rig.sql`select 1 from gateway where state = 'registered' and acknowledged_epoch < ${epoch}`).length ===
        0,
      { what: 'both gateways to acknowledge' },
    );
    await table.traffic({ reads_target: 10, writes: 10, mirrored: 10 });
  }

  const written = () => writers.reduce((sum, writer) => sum + writer.writes, 0);
  /** The load goes on: this many more requests were answered. */
  const goesOn = async (more = 60) => {
    const from = written();
    await waitFor(() => written() >= from + more, { what: 'the writers to go on' });
  };

  it('loses nothing, errs nowhere and pauses for less than two seconds, with a worker killed on the way', async () => {
    await observed();
    await table.move('set_read_share', { readShareMilli: 100_000 });
    await observed();
    for (const name of ['ann', 'bob']) writers.push(startWriter(name, table.name, clients));
    await goesOn();
    const pausesMs: number[] = [];
    let takenOverMs = 0;
    for (let round = 0; round < 5; round += 1) {
      const victim = round === 2 ? await spawnWorker({ databaseUrl: rig.database.url }) : null;
      await observed();
      if (victim === null) pausesMs.push(await cross('flip_writes'));
      else {
        // The only worker there is drives the fence and dies in the middle of it; the next one takes it over.
        await (workers.pop() as RunningWorker).stop();
        const fenceId = await open('flip_writes');
        await waitFor(
          async () =>
            (
              await rig.sql`select 1 from graphile_worker.jobs where key = ${`fence:${fenceId}`} and locked_at is not null`
            ).length > 0,
          { what: 'the fence to be driven', everyMs: 2 },
        );
        await victim.kill();
        // Its supervisor saw it end.
        await recordWorkerExit(rig.sql, victim.workerId);
        workers.push(await newWorker());
        const end = await ended(fenceId);
        if (end.step === 'aborted') await observed();
        if (end.step === 'aborted') await cross('flip_writes');
        takenOverMs = end.heldMs;
      }
      await goesOn();
      expect(await table.look()).toMatchObject({ stage: 'target_first', writes: 'target_source' });
      pausesMs.push(await cross('flip_back'));
      await goesOn();
      expect(await table.look()).toMatchObject({ stage: 'shift', writes: 'source_target' });
    }
    for (const writer of writers) await writer.stop();
    expect(writers.flatMap((writer) => writer.errors)).toEqual([]);
    await waitFor(async () => (await rig.sql`select 1 from dirty_key where plan_table_id = ${table.id}`).length === 0, {
      what: 'every dirty key to be settled',
    });
    await waitFor(() => gateways.length > 0 && openIntents().then((open) => open === 0), { what: 'no open intent' });
    const [source, target] = await Promise.all([
      contents(rig.source.running.engine, table.name, ['pk']),
      contents(rig.target.running.engine, table.name, ['pk']),
    ]);
    expect([...target].sort()).toEqual([...source].sort());
    expect([...source].sort()).toEqual([...expected()].sort());
    expect(Math.max(...pausesMs)).toBeLessThan(PAUSE_MS_MAX);
    expect(takenOverMs).toBeLessThan(PAUSE_MS_MAX + TAKE_OVER_MS_MAX);
  }, 240_000);

  const openIntents = async (): Promise<number> => {
    const [row] = await rig.sql<{ open: number }[]>`select coalesce(sum(intents_open), 0)::int as open from gateway`;
    return row?.open ?? 0;
  };

  /** Both stores as the writers' records have them. */
  function expected(): Map<string, string> {
    const text = (item: Item) => JSON.stringify(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
    const all = new Map<string, string>();
    for (const { record } of writers)
      for (const [pk, item] of record) if (item !== null) all.set(JSON.stringify([{ S: pk }]), text(item));
    for (let at = 0; at < COUNTERS; at += 1) {
      const total = writers.reduce((sum, writer) => sum + (writer.added[at] as number), 0);
      const pk = `counter-${at}`;
      if (total > 0) all.set(JSON.stringify([{ S: pk }]), text({ pk: { S: pk }, added: { N: String(total) } }));
    }
    return all;
  }
});
