/**
 * Kill -9 of workers at chance moments of one backfill, under writers that overwrite, delete and create again what is
 * being copied. What must hold: both stores are equal at the end and hold every acknowledged write, nothing deleted
 * comes back, every item read is accounted for, and a kill costs at most one page of each segment that its worker held.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { recordWorkerExit } from '@/db/queries/worker';
import { checkEquality, type EqualityReport } from '../equality';
import { type GatewayRig, startGatewayRig } from '../gateway-rig';
import { insertRun } from '../plan-fixture';
import { putItems, watchRequests } from '../store-contents';
import { waitFor } from '../wait-for';
import { spawnWorker, type WorkerProcess } from '../worker-process';
import { type GatewayProcess, spawnGateway } from './gateway-child';
import { KeyedWriter, recordSeeds, seedItem } from './keyed-writer';
import type { LongOptions } from './main';
import type { LongRun } from './result';

const KILLS = 50;
const WORKERS = 4;
/** A kill waits until so many are at work: starting one takes longer than killing one. */
const WORKERS_MIN = 2;
const SEGMENTS = 6;
const TABLE = 'orders';
const ITEMS_A_KILL = 300;
/** The pace at the start; then whatever makes the backfill outlast the kills by a third. It is lifted after the last. */
const ITEMS_PER_SECOND = 60;
const OUTLAST = 1.35;
const WRITES_PER_SECOND = 15;
/** Between two kills, ms; a slow write and a slow confirm make most of them fall into a page. */
const BETWEEN_MS = [300, 4_000] as const;
const DELAY_MS = { BatchWriteItem: 700, BatchGetItem: 500 };
const END_MS_MAX = 240_000;

interface Scene {
  rig: GatewayRig;
  tableId: string;
  runId: string;
  items: number;
  workers: WorkerProcess[];
  scans: ReturnType<typeof countScans>;
  /** Kills of a worker that held the segment, by its number. */
  heldAtKill: Map<number, number>;
  killsInPage: number;
}

export async function runKills(options: LongOptions): Promise<LongRun> {
  const kills = options.rounds ?? KILLS;
  const items = Math.max(4_000, kills * ITEMS_A_KILL);
  const settings = { deltaMs: 2_000, storeTimeoutMs: 2_500, holdMsMax: 6_000 };
  const rig = await startGatewayRig({ serverUrl: options.serverUrl, settings });
  const gateways: GatewayProcess[] = [];
  const workers: WorkerProcess[] = [];
  try {
    const scene = await begin(rig, { items, workers });
    gateways.push(...(await Promise.all(['one', 'two'].map((name) => spawnGateway(rig.environment(name))))));
    const logDir = join(rig.dataDir, 'record');
    mkdirSync(logDir);
    recordSeeds(logDir, { table: TABLE, items });
    const writers = gateways.map(
      (gateway, index) =>
        new KeyedWriter({
          ...{ client: rig.clientOf(gateway.url), logDir, table: TABLE, items },
          ...{ index, writers: gateways.length, perSecond: WRITES_PER_SECOND },
        }),
    );
    for (const writer of writers) writer.start();
    const begun = await insertRun(rig.database.sql, scene.tableId, {
      ...{ kind: 'backfill', segments: SEGMENTS, itemsPerSecondMax: ITEMS_PER_SECOND },
    });
    scene.runId = begun.runId;
    const killed = await killAtRandom(scene, { kills, say: options.say });
    await finish(scene, writers);
    const report = await checkEquality({
      ...{ source: rig.source.target, target: rig.target.target, logDir },
      tables: [{ source: TABLE, target: TABLE, key: ['tenant', 'order'] }],
    });
    return await conclude(scene, { kills, killed, items, report, deletes: sum(writers.map((one) => one.deletes)) });
  } finally {
    await Promise.all([...gateways, ...workers].map((one) => one.kill()));
    await rig.stop();
  }
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

async function begin(rig: GatewayRig, of: { items: number; workers: WorkerProcess[] }): Promise<Scene> {
  const { sql } = rig.database;
  const tableId = await rig.table(TABLE, {
    partition: { name: 'tenant', type: 'S' },
    sort: { name: 'order', type: 'S' },
  });
  const limits = { requestsPerSecond: 2_000, itemsPerSecond: 20_000, liveReserveMilli: 20_000 };
  await sql`update connection set limits = ${sql.json(limits)}`;
  // The stage stays, so that no verification scans the source before the pages are counted.
  await sql`update plan_table set stage = 'backfill', hold_kind = 'gate', hold_reason = 'test' where id = ${tableId}`;
  await rig.stage(tableId, 'backfill');
  const seeds = Array.from({ length: of.items }, (_, at) => seedItem(at));
  await putItems(rig.source.running.engine, TABLE, seeds as never);
  for (const [side, operation] of [
    ['target', 'BatchWriteItem'],
    ['source', 'BatchGetItem'],
  ] as const)
    rig[side].running.faults.add({ kind: 'delay', operations: [operation], delayMs: DELAY_MS[operation] });
  const scans = countScans(rig);
  const scene = {
    rig,
    tableId,
    runId: '',
    items: of.items,
    workers: of.workers,
    scans,
    heldAtKill: new Map(),
    killsInPage: 0,
  };
  of.workers.push(...(await Promise.all(Array.from({ length: WORKERS }, () => start(rig)))));
  return scene;
}

const start = (rig: GatewayRig): Promise<WorkerProcess> =>
  spawnWorker({ databaseUrl: rig.database.url, environment: { LANDFALL_SEALING_KEY: rig.sealingKey } });

/** Pages that workers asked for, and how often again, by segment. */
function countScans(rig: GatewayRig) {
  const seen = new Set<string>();
  const repeats = new Map<number, number>();
  watchRequests(rig.source.running.engine, (operation, input) => {
    if (operation !== 'Scan' || input.Segment === undefined) return;
    const segment = Number(input.Segment);
    const page = `${segment}|${JSON.stringify(input.ExclusiveStartKey ?? null)}`;
    if (seen.has(page)) repeats.set(segment, (repeats.get(segment) ?? 0) + 1);
    seen.add(page);
  });
  return { seen, repeats };
}

/** One worker after the other, each replaced as its supervisor would; how many kills fell into the backfill. */
async function killAtRandom(scene: Scene, of: { kills: number; say(line: string): void }): Promise<number> {
  const { rig, workers } = scene;
  const { sql } = rig.database;
  await waitFor(async () => (await sql`select 1 from segment where pages > 0`).length > 0, {
    what: 'the first page',
    timeoutMs: 60_000,
  });
  const [least, most] = BETWEEN_MS;
  const beganMs = performance.now();
  const replacements: Promise<unknown>[] = [];
  const replace = async () => void workers.push(await start(rig));
  let round = 0;
  while (round < of.kills) {
    await new Promise((done) => setTimeout(done, least + Math.random() * (most - least)));
    await waitFor(() => workers.length >= WORKERS_MIN, { what: 'workers to kill', timeoutMs: 120_000 });
    if ((await leftOf(scene)) === 0) break;
    round += 1;
    const [victim] = workers.splice(Math.floor(Math.random() * workers.length), 1) as [WorkerProcess];
    await victim.kill();
    const held = await heldBy(scene, victim.workerId);
    await recordWorkerExit(sql, victim.workerId);
    replacements.push(replace());
    const leftS = ((performance.now() - beganMs) / 1_000 / round) * (of.kills - round) * OUTLAST;
    await sql`update run set items_per_second_max = ${Math.max(5, Math.ceil((await leftOf(scene)) / Math.max(1, leftS)))}
      where id = ${scene.runId}`;
    const again = sum([...scene.scans.repeats.values()]);
    of.say(`${round}/${of.kills}: held ${held}, ${scene.scans.seen.size} pages, ${again} again`);
  }
  await Promise.all(replacements);
  return round;
}

/** Items that the backfill has still to read, about. */
async function leftOf({ rig, runId, items }: Scene): Promise<number> {
  const [row] = await rig.database.sql<{ read: number; open: number }[]>`select sum(items_read)::int as read,
    count(*) filter (where state <> 'done')::int as open from segment where run_id = ${runId}`;
  return row === undefined || row.open === 0 ? 0 : Math.max(1, items - row.read);
}

/** Counts the segments that a killed worker held; returns how many. */
async function heldBy(scene: Scene, workerId: string): Promise<number> {
  const held = await scene.rig.database.sql<{ number: number; inPage: boolean }[]>`
    select number, page_keys is not null as "inPage" from segment
    where run_id = ${scene.runId} and lease_owner = ${workerId}`;
  for (const { number } of held) scene.heldAtKill.set(number, (scene.heldAtKill.get(number) ?? 0) + 1);
  if (held.some((segment) => segment.inPage)) scene.killsInPage += 1;
  return held.length;
}

/** Lets the backfill end, stops the writers, and waits until nothing is owed. */
async function finish({ rig, runId, tableId }: Scene, writers: readonly KeyedWriter[]): Promise<void> {
  const { sql } = rig.database;
  await sql`update run set items_per_second_max = null where id = ${runId}`;
  const wait = (what: string, isTrue: () => Promise<boolean>) => waitFor(isTrue, { what, timeoutMs: END_MS_MAX });
  await wait(
    'the backfill to end',
    async () => (await sql`select 1 from run where id = ${runId} and state = 'done'`).length > 0,
  );
  await Promise.all(writers.map((writer) => writer.stop()));
  await wait('every intent to be closed', async () => {
    const [row] = await sql`select coalesce(sum(intents_open), 0)::int as n from gateway where state = 'registered'`;
    return row?.n === 0;
  });
  await wait('every dirty key to be settled', async () => (await rig.dirty(tableId)).length === 0);
}

interface Ended {
  kills: number;
  killed: number;
  items: number;
  deletes: number;
  report: EqualityReport;
}

async function conclude(scene: Scene, { kills, killed, items, deletes, report }: Ended): Promise<LongRun> {
  const { sql } = scene.rig.database;
  const [row] = await sql<{ read: number; accounted: number; pages: number; takenOver: number }[]>`
    select sum(items_read)::int as read, sum(items_written + items_expired + items_set_aside + items_marked)::int
      as accounted, sum(pages)::int as pages, sum(attempts)::int as "takenOver" from segment where run_id = ${scene.runId}`;
  const counted = row ?? { read: 0, accounted: -1, pages: 0, takenOver: 0 };
  const { repeats } = scene.scans;
  const beyond = [...repeats].filter(([segment, n]) => n > (scene.heldAtKill.get(segment) ?? 0));
  const figures = {
    ...{ kills: killed, killsInPage: scene.killsInPage, takenOver: counted.takenOver, pages: counted.pages },
    ...{ segmentsHeldAtKills: sum([...scene.heldAtKill.values()]), pagesRepeated: sum([...repeats.values()]) },
    ...{ itemsAtStart: items, itemsRead: counted.read, itemsCompared: report.itemsCompared },
    ...{ writesAcked: report.writesAcked - items, deletesAcked: deletes, writesUnknown: report.writesUnknown },
    ...{ problems: report.problems.length },
  };
  const broken = [
    ...report.problems.slice(0, 10),
    ...beyond.map(([segment, n]) => `segment ${segment + 1} repeated ${n} pages`),
    ...(killed < kills ? [`the backfill had ended after ${killed} of ${kills} kills`] : []),
    ...(counted.read === counted.accounted ? [] : [`${counted.read} items read, ${counted.accounted} accounted for`]),
  ];
  const words = `
${killed} times one of ${WORKERS} worker processes was killed (SIGKILL) at a chance moment of one backfill of ${items}
items in ${SEGMENTS} segments, and another one started. Two gateways took writes of two applications meanwhile: each
overwrote, deleted and created again items all over the table that was being copied. At the end both stores were read
whole by code that shares nothing with the copy, and held against the applications' own record.

| | |
|---|---|
| kills, of them between the first write of a page and its checkpoint | ${killed}, ${scene.killsInPage} |
| segments held by the killed, all kills together | ${figures.segmentsHeldAtKills} |
| pages read, of them again | ${scene.scans.seen.size + figures.pagesRepeated}, ${figures.pagesRepeated} |
| segments with more pages repeated than kills of their holder | ${beyond.length} |
| writes acknowledged, of them deletes | ${figures.writesAcked}, ${deletes} |
| items compared, differences and contradictions of the record | ${report.itemsCompared}, ${report.problems.length} |
`;
  return { figures, broken, words };
}
