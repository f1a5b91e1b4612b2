/**
 * One request that writes keys of mirrored tables (PROTOCOL W1, W4–W7): intents on disk, lanes, the authority once, then
 * the images. What it asks of the caller is how to ask the authority and what became of each key.
 */
import type { WireItem, WireOutcome } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { NoRecordError, type OpenKey } from '../intents/intents';
import { type GatewayAnswer, refusal } from './answer';
import { type Call, noRecord } from './context';
import { type Lane, LaneFullError } from './lanes';
import { type Image, type MirrorJob, REREAD } from './mirror';
import { other, type Side } from './stores';

export interface Unit {
  table: TableRouting;
  keyId: string;
  key: WireItem;
}

/** What became of a key at the authority: `none`, a known failure; `unknown`; or what it has now. */
export type UnitResult = 'none' | 'unknown' | { image: Image };

export interface AuthorityResult {
  answer: GatewayAnswer;
  /** By the order of the units. */
  results: UnitResult[];
}

export interface MirroredWrite {
  units: readonly Unit[];
  authority: Side;
  send(): Promise<AuthorityResult>;
  /** The images belong to one transaction. */
  isTransaction?: boolean;
  /** Only for switches that tests turn off: what the request says the images will be, and its own words. */
  foretold?: readonly Image[];
  expression?: MirrorJob['expression'];
}

let laneSequence = 0;

export async function writeMirrored(call: Call, write: MirroredWrite): Promise<GatewayAnswer> {
  const { parts } = call;
  const opened: OpenKey[] = [];
  const recording: Promise<void>[] = [];
  for (const { table, keyId } of write.units) {
    const { keys, recorded } = parts.intents.open(table, [keyId]);
    opened.push(keys[0] as OpenKey);
    if (recorded !== null) recording.push(recorded);
  }
  const isRecorded = recording.length === 0 ? null : Promise.all(recording);
  isRecorded?.catch(() => {});
  let lanes: Lane<MirrorJob>[] | null = null;
  try {
    lanes = await parts.lanes.take(write.units.map((unit) => laneOf(call, unit)));
    if (isRecorded !== null) await isRecorded;
  } catch (error) {
    if (lanes !== null) parts.lanes.give(lanes);
    for (const key of opened) parts.intents.end(key);
    if (error instanceof NoRecordError) return noRecord((write.units[0] as Unit).table);
    if (error instanceof LaneFullError) return refusal('ThrottlingException', `${error.message}; try again.`);
    throw error;
  }
  return await underLanes(call, write, { opened, lanes });
}

const laneOf = (call: Call, unit: Unit): string => {
  const id = `${unit.table.planTableId}\n${unit.keyId}`;
  if (call.parts.safeguards.lanes) return id;
  laneSequence += 1;
  return `${id}\n${laneSequence}`;
};

async function underLanes(
  call: Call,
  write: MirroredWrite,
  held: { opened: OpenKey[]; lanes: Lane<MirrorJob>[] },
): Promise<GatewayAnswer> {
  const { parts, view } = call;
  const { opened, lanes } = held;
  const laneFor = laneFinder(lanes);
  const jobs: MirrorJob[] = [];
  const jobLanes: Lane<MirrorJob>[] = [];
  const waits: Promise<void>[] = [];
  let result: AuthorityResult;
  try {
    if (!parts.safeguards.authorityFirst && write.foretold) await writeForetold(call, write);
    try {
      result = await write.send();
    } catch (error) {
      // Ours, not the store's: whatever was sent may have been carried out.
      for (const key of opened) {
        parts.marker.mark(key, 'unknown_outcome', true);
        parts.intents.end(key);
      }
      throw error;
    }
    for (const [at, unit] of write.units.entries()) {
      const key = opened[at] as OpenKey;
      const became = result.results[at] as UnitResult;
      if (became === 'none') parts.intents.end(key);
      else if (became === 'unknown') {
        if (parts.safeguards.unknownOutcomes) parts.marker.mark(key, 'unknown_outcome', true);
        parts.intents.end(key);
      } else {
        const made = jobOrMark(call, write, { unit, key, image: became.image });
        if (made !== null) {
          jobs.push(made.job);
          jobLanes.push(laneFor(unit));
          waits.push(made.done);
        }
      }
      view.traffic(unit.table.planTableId).add('writes');
    }
    if (write.isTransaction) parts.mirror.offerTogether(jobLanes, jobs);
    else for (const [at, job] of jobs.entries()) parts.mirror.offer(jobLanes[at] as Lane<MirrorJob>, job);
  } finally {
    parts.lanes.give(lanes);
  }
  if (waits.length > 0) await waitForMirror(call, jobs, Promise.all(waits));
  return result.answer;
}

/** One lane is all there is for one key, which most writes have. */
function laneFinder(lanes: readonly Lane<MirrorJob>[]): (unit: Unit) => Lane<MirrorJob> {
  if (lanes.length === 1) return () => lanes[0] as Lane<MirrorJob>;
  const byId = new Map(lanes.map((lane) => [lane.id.split('\n', 2).join('\n'), lane]));
  return (unit) => byId.get(`${unit.table.planTableId}\n${unit.keyId}`) as Lane<MirrorJob>;
}

/** Null: the follower cannot even be asked (its credential cannot be opened); the key is marked, the answer stands. */
function jobOrMark(
  call: Call,
  write: MirroredWrite,
  of: { unit: Unit; key: OpenKey; image: Image },
): { job: MirrorJob; done: Promise<void> } | null {
  try {
    return jobOf(call, write, of);
  } catch (error) {
    call.parts.log.error({ error, planTableId: of.unit.table.planTableId }, 'The follower cannot be written');
    call.parts.marker.mark(of.key, 'mirror_failed', false);
    call.parts.intents.end(of.key);
    return null;
  }
}

function jobOf(
  call: Call,
  write: MirroredWrite,
  of: { unit: Unit; key: OpenKey; image: Image },
): { job: MirrorJob; done: Promise<void> } {
  const { stores, safeguards } = call.parts;
  const { table, keyId, key } = of.unit;
  const followerSide = other(write.authority);
  let finish!: () => void;
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const job: MirrorJob = {
    view: call.view,
    table,
    keyId,
    key,
    image: of.image,
    authority: stores.side(table, write.authority),
    follower: stores.side(table, followerSide),
    followerSide,
    open: of.key,
    bytes: Math.ceil(call.request.body.length / write.units.length),
    ticket: null,
    done: finish,
    isDone: false,
    isAbandoned: false,
    expression: safeguards.images ? null : (write.expression ?? null),
  };
  return { job, done };
}

/** The application waits a little, so that it mostly finds its write on both sides; the mirror goes on regardless. */
async function waitForMirror(call: Call, jobs: readonly MirrorJob[], all: Promise<unknown>): Promise<void> {
  // Most images that are marked at once are done before anybody waits.
  if (jobs.every((job) => job.isDone) || !call.parts.admission.mayWaitForMirror()) return;
  const ms = Math.min(...jobs.map((job) => job.table.mirrorWaitMsMax));
  const isLate = await new Promise<boolean>((done) => {
    const timer = setTimeout(done, ms, true);
    void all.then(() => {
      clearTimeout(timer);
      done(false);
    });
  });
  if (!isLate) return;
  for (const job of jobs) {
    if (job.isDone) continue;
    call.view.traffic(job.table.planTableId).add('mirrorLate');
    if (!call.parts.safeguards.mirrorOutlivesWait && !job.isAbandoned) {
      job.isAbandoned = true;
      call.parts.intents.end(job.open);
    }
  }
}

/** Only with W1 off: the follower is written before the authority has said anything. */
async function writeForetold(call: Call, write: MirroredWrite): Promise<void> {
  for (const [at, unit] of write.units.entries()) {
    const image = write.foretold?.[at];
    if (image === undefined || image === REREAD) continue;
    const store = call.parts.stores.side(unit.table, other(write.authority));
    const TableName = store.tableName ?? unit.table.tableName;
    const operation = image === null ? 'DeleteItem' : 'PutItem';
    const body = JSON.stringify(image === null ? { TableName, Key: unit.key } : { TableName, Item: image });
    await store.wire.send({ operation, body, timeoutMs: unit.table.storeTimeoutMs });
  }
}

/** Every unit came to the same. */
export const allOf = (units: readonly Unit[], result: UnitResult): UnitResult[] => units.map(() => result);

/** Known failure or unknown, where the request was not answered with success. */
export const failureOf = (outcome: WireOutcome): 'none' | 'unknown' =>
  outcome.kind === 'refused' ? 'none' : 'unknown';
