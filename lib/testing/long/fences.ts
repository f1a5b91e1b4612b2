/**
 * Fences under load: authority goes forth and back, sources are closed, tables are frozen and opened again, while
 * gateways, workers and drivers are killed at chance and requests land after their sender gave up. What must hold: never
 * two authorities, no acknowledged write lost, and both stores equal at the end.
 */
import type { Verb } from '@/lib/domain/plan/moves';
import type { ApplicationWriter } from '@/lib/sandbox/application-writer';
import { checkEquality, type EqualityReport, type StoreAddress } from '../equality';
import type { RigTable } from '../service-rig';
import { waitFor } from '../wait-for';
import { type FenceEnd, type FenceScene, openFenceScene } from './fence-scene';
import type { LongOptions } from './main';
import { type LongRun, percentile } from './result';

const FENCES = 100;
/** Of each of two writers a table. */
const WRITES_PER_SECOND = 15;
/** A fence that was undone is opened again, as an operator would. */
const TRIES_MAX = 8;
const PAUSE_MS_MAX = 2_000;
/** A process is killed at chance within this long of the opening of its fence. */
const KILL_AFTER_MS_MAX = 120;
const LATE_MS = 1_200;
/** Tables with a closed source that are written on. One more at each round would make the last rounds a test of the machine. */
const CLOSED_WRITTEN_MAX = 3;
const KINDS = ['flip_writes', 'flip_back', 'freeze', 'close_source', 'flip_writes', 'flip_back'] as const;
const TROUBLES = ['none', 'driver', 'late_source', 'gateway', 'late_target', 'worker', 'none', 'gateway'] as const;
type Trouble = (typeof TROUBLES)[number];

interface Done extends FenceEnd {
  verb: Verb;
  trouble: Trouble;
}

export async function runFences(options: LongOptions & { writesPerSecond?: number }): Promise<LongRun> {
  const fences = options.rounds ?? FENCES;
  const scene = await openFenceScene({
    serverUrl: options.serverUrl,
    writesPerSecond: options.writesPerSecond ?? WRITES_PER_SECOND,
  });
  const done: Done[] = [];
  const closed: RigTable[] = [];
  const written: ApplicationWriter[][] = [];
  try {
    const ledger = await begin(scene);
    let sides = 0;
    for (let round = 0; round < fences; round += 1) {
      const kind = KINDS[round % KINDS.length] as (typeof KINDS)[number];
      const trouble = TROUBLES[round % TROUBLES.length] as Trouble;
      const table =
        kind === 'freeze' ? ledger : kind === 'close_source' ? await newSheet(scene, round, written) : scene.orders;
      const ends = await cross(scene, { table, verb: kind, trouble });
      for (const end of ends) done.push({ ...end, verb: kind, trouble });
      if (table === scene.orders) sides += 1;
      if (kind === 'freeze') await ledger.move('abandon');
      if (kind === 'close_source') closed.push(table);
      const last = ends.at(-1);
      options.say(
        `${round + 1}/${fences} ${kind}, ${trouble}: ${ends.length} tries, ${Math.round(last?.heldMs ?? 0)} ms`,
      );
    }
    await goesOn(scene);
    await scene.stopWriters();
    await scene.settled();
    const reports = await compare(scene, { ledger, closed });
    return conclude(scene, { done, reports, sides });
  } finally {
    await scene.close();
  }
}

async function begin(scene: FenceScene): Promise<RigTable> {
  const { orders, rig } = scene;
  const ledger = await scene.newTable({ name: 'ledger', stage: 'planned', strategy: 'big_bang' });
  await rig.sql`update plan set downtime_acknowledged_by = 'test' where id = ${ledger.planId}`;
  await scene.observed(orders);
  await orders.move('set_read_share', { readShareMilli: 100_000 });
  await scene.observed(orders);
  await scene.observed(ledger);
  scene.write('orders');
  scene.write('ledger');
  await goesOn(scene);
  return ledger;
}

/**
 * A table of a plan of its own, in its last stage before the source is closed, with applications on it. Those of the
 * oldest one in `written` end, where there are enough.
 */
async function newSheet(scene: FenceScene, round: number, written: ApplicationWriter[][]): Promise<RigTable> {
  if (written.length >= CLOSED_WRITTEN_MAX) await Promise.all((written.shift() ?? []).map((writer) => writer.stop()));
  const sheet = await scene.newTable({ name: `sheet-${round}`, stage: 'target_first' });
  const published = await sheet.headEpoch();
  await scene.rig.sql`select pg_notify('landfall_routing', ${JSON.stringify({ epoch: published })})`;
  await scene.observed(sheet);
  written.push(scene.write(sheet.name));
  await goesOn(scene);
  return sheet;
}

/** One fence to its release, with its trouble; the ends of all tries. */
async function cross(scene: FenceScene, ask: { table: RigTable; verb: Verb; trouble: Trouble }): Promise<FenceEnd[]> {
  const { table, verb, trouble } = ask;
  const ends: FenceEnd[] = [];
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    if (tries === 0) late(scene, trouble);
    const fenceId = await scene.open(table, verb);
    const killing = tries === 0 ? kill(scene, trouble, fenceId) : null;
    const end = await scene.ended(fenceId);
    await killing;
    ends.push(end);
    if (end.step === 'released') {
      await goesOn(scene);
      return ends;
    }
  }
  throw new Error(`${verb} was undone ${TRIES_MAX} times: ${ends.map((end) => end.why).join('; ')}`);
}

/** The next put is taken by the store, never answered, and carried out after its sender has given up. */
function late(scene: FenceScene, trouble: Trouble): void {
  if (trouble !== 'late_source' && trouble !== 'late_target') return;
  const store = trouble === 'late_source' ? scene.rig.source : scene.rig.target;
  const operations = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'];
  store.running.faults.add({ kind: 'late', operations, times: 1, delayMs: LATE_MS });
}

async function kill(scene: FenceScene, trouble: Trouble, fenceId: string): Promise<void> {
  if (!['driver', 'gateway', 'worker'].includes(trouble)) return;
  await new Promise((done) => setTimeout(done, Math.random() * KILL_AFTER_MS_MAX));
  if (trouble === 'gateway') await scene.killGateway(Math.random() < 0.5 ? 'one' : 'two');
  else await scene.killWorker(trouble === 'driver' ? `fence:${fenceId}` : undefined);
}

const acked = (scene: FenceScene): number => scene.stats().reduce((sum, one) => sum + one.acked, 0);

/** The load goes on: this many more writes were acknowledged. */
async function goesOn(scene: FenceScene, more = 20): Promise<void> {
  const from = acked(scene);
  await waitFor(() => acked(scene) >= from + more, { what: 'the applications to go on', timeoutMs: 60_000 });
}

async function compare(scene: FenceScene, tables: { ledger: RigTable; closed: RigTable[] }): Promise<EqualityReport[]> {
  const { rig, logDir, orders } = scene;
  const address = (side: 'source' | 'target'): StoreAddress => ({
    endpoint: rig[side].endpoint,
    region: rig[side].target.region,
    credentials: rig[side].credentials,
  });
  const named = (table: RigTable) => ({ source: table.name, target: table.name, key: ['tenant', 'order'] });
  const [source, target] = [address('source'), address('target')];
  // A frozen table was never copied, and a closed one is written on the target alone: held against the record there.
  return [
    await checkEquality({ source, target, tables: [named(orders)], logDir }),
    await checkEquality({ source, target: source, tables: [named(tables.ledger)], logDir, against: ['source'] }),
    await checkEquality({ source: target, target, tables: tables.closed.map(named), logDir, against: ['target'] }),
  ];
}

/** How often the side that carries expressions out changed; two authorities at once would change it to and fro. */
function changesOfSide(scene: FenceScene): number {
  const sides = scene.carriedOut.filter((one) => one.table === 'orders').map((one) => one.side);
  return sides.filter((side, index) => index > 0 && side !== sides[index - 1]).length;
}

function conclude(scene: FenceScene, of: { done: Done[]; reports: EqualityReport[]; sides: number }): LongRun {
  const { done, reports, sides } = of;
  const released = done.filter((end) => end.step === 'released').map((end) => end.heldMs);
  const all = done.map((end) => end.heldMs);
  const stats = scene.stats();
  const sum = (pick: (one: (typeof stats)[number]) => number) => stats.reduce((total, one) => total + pick(one), 0);
  const changes = changesOfSide(scene);
  const wrongReads = sum((one) => one.wrongReads);
  const broken = reports.flatMap((report) => report.problems);
  if (changes > sides) broken.push(`authority changed sides ${changes} times in ${sides} fences`);
  if (wrongReads > 0) broken.push(`${wrongReads} reads did not hold what was written`);
  const pauses = { p50: percentile(released, 0.5), p99: percentile(released, 0.99), max: percentile(released, 1) };
  const pausesOfAll = { p50: percentile(all, 0.5), p99: percentile(all, 0.99), max: percentile(all, 1) };
  if (pausesOfAll.p99 >= PAUSE_MS_MAX) broken.push(`a pause of p99 ${pausesOfAll.p99} ms`);
  const by = (pick: (end: Done) => string) => {
    const counts: Record<string, number> = {};
    for (const end of done) counts[pick(end)] = (counts[pick(end)] ?? 0) + 1;
    return counts;
  };
  const [writesAcked, writesUnknown] = [sum((one) => one.acked), sum((one) => one.unknown)];
  return {
    broken,
    figures: {
      fencesReleased: released.length,
      fencesUndone: all.length - released.length,
      pauseReleasedMs: pauses,
      pauseAllMs: pausesOfAll,
      ...{ writesAcked, writesUnknown, writesRefused: sum((one) => one.refused), wrongReads },
      changesOfAuthority: changes,
      byVerb: by((end) => end.verb),
      byTrouble: by((end) => end.trouble),
      itemsCompared: reports.reduce((total, report) => total + report.itemsCompared, 0),
    },
    words: `${released.length} fences were released and ${all.length - released.length} undone (and then repeated), under
applications that never paused (on two tables and the last ${CLOSED_WRITTEN_MAX} whose source was closed), and with gateways,
workers and drivers of fences killed by SIGKILL at chance moments.

| pause of writes | p50 | p99 | longest |
|---|---|---|---|
| released fences | ${pauses.p50} ms | ${pauses.p99} ms | ${pauses.max} ms |
| all, undone ones too (bound of the hold: 1,800 ms) | ${pausesOfAll.p50} ms | ${pausesOfAll.p99} ms | ${pausesOfAll.max} ms |

${writesAcked} writes were acknowledged, of ${writesUnknown} the outcome stayed unknown to the application (its gateway was
killed, or the store answered late). Expressions were carried out by one side at a time: the side changed ${changes} times
in ${sides} changes of authority. ${wrongReads} reads returned something else than was last written.`,
  };
}
