/**
 * The follower's side of a write (PROTOCOL W3, W5, W7). An image goes to the follower; when its outcome is known a
 * consistent read of the authority begins; what is not exactly what was just written makes the key dirty. An image that
 * was followed by a newer one needs no read of its own, because the newer one's read comes after both. None of this
 * ends with the application's wait.
 */
import type { WireItem } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { equal } from '@/lib/domain/item/compare';
import type { DirtyCause } from '@/lib/domain/routing/dirty';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import type { Admission, Ticket } from '../admission/admission';
import type { Intents, OpenKey } from '../intents/intents';
import { LIMITS } from '../limits';
import type { ConfirmReader } from './confirm';
import type { Follower, FollowerOutcome } from './follower';
import type { Lane, Lanes } from './lanes';
import type { Marker } from './marker';
import type { Side, Store } from './stores';
import type { RoutingView, Views } from './views';

/** The image is what the authority has when its turn comes. */
export const REREAD = Symbol('read it again');
export type Image = WireItem | null | typeof REREAD;

export interface MirrorJob {
  view: RoutingView;
  table: TableRouting;
  keyId: string;
  key: WireItem;
  image: Image;
  authority: Store;
  follower: Store;
  followerSide: Side;
  open: OpenKey;
  /** What the image holds of memory, about. */
  bytes: number;
  /** Its room in the admission, from the moment at which it is taken over until it is done. */
  ticket: Ticket | null;
  /** The follower's outcome is known and confirmed or marked, or a newer image has taken over. */
  done(): void;
  isDone: boolean;
  /** Only with W5 off: nobody looks at the outcome any more. */
  isAbandoned: boolean;
  /** Only with W2 off: what goes to the follower instead of an image. */
  expression: { operation: string; body: Buffer } | null;
}

type MirrorLane = Lane<MirrorJob>;

export interface MirrorParts {
  lanes: Lanes<MirrorJob>;
  follower: Follower;
  confirm: ConfirmReader;
  intents: Intents;
  marker: Marker;
  views: Views;
  safeguards: SafeguardSet;
  admission: Admission;
}

type Verdict = 'equal' | 'superseded' | { cause: DirtyCause; isUnknown: boolean };

/** What a transaction of several images has come to already. */
interface Sent {
  image: WireItem | null;
  outcome: FollowerOutcome;
}

export class Mirror {
  constructor(private readonly parts: MirrorParts) {}

  /** Takes over the newest image of a key; the caller holds the key's lane. */
  offer(lane: MirrorLane, job: MirrorJob): void {
    this.parts.views.begin(job.view, [job.table]);
    if (!this.#admit(job)) {
      // Nothing was sent, and an older image on its way is confirmed against what the authority has now.
      this.#finish(job, SPARED);
      this.parts.lanes.forget(lane);
      return;
    }
    if (!lane.isMirroring) {
      lane.isMirroring = true;
      void this.#run(lane, job);
      return;
    }
    const older = lane.waiting;
    lane.waiting = job;
    if (older !== null) this.#finish(older, 'superseded');
  }

  /**
   * The images of one transaction: as one transaction where the follower takes it and nothing is on its way for any of
   * the keys, else one by one. Returns whether it went as one.
   */
  offerTogether(lanes: readonly MirrorLane[], jobs: readonly MirrorJob[]): boolean {
    const isFree = lanes.every((lane) => !lane.isMirroring && lane.waiting === null);
    const isOne = jobs.every((job) => job.follower.wire === jobs[0]?.follower.wire);
    const isFit = jobs.length >= 2 && jobs.length <= LIMITS.transactFollowerItemsMax;
    if (!isFree || !isOne || !isFit || !jobs.every((job) => this.#admit(job)) || !mayAsk(jobs[0] as MirrorJob)) {
      for (const [at, job] of jobs.entries()) this.offer(lanes[at] as MirrorLane, job);
      return false;
    }
    for (const [at, job] of jobs.entries()) {
      this.parts.views.begin(job.view, [job.table]);
      (lanes[at] as MirrorLane).isMirroring = true;
    }
    void this.#together(lanes, jobs);
    return true;
  }

  /** Takes room for an image; one that has it already keeps it. */
  #admit(job: MirrorJob): boolean {
    job.ticket ??= this.parts.admission.mirror(job.bytes);
    return job.ticket !== null;
  }

  async #together(lanes: readonly MirrorLane[], jobs: readonly MirrorJob[]): Promise<void> {
    const images = await Promise.all(jobs.map((job) => this.#imageOf(job)));
    const outcome = images.includes(undefined) ? null : await this.#transact(jobs, images as (WireItem | null)[]);
    // A refusal says that nothing was applied; then each image goes by itself.
    const isSettled = outcome !== null && outcome.kind !== 'refused';
    for (const [at, job] of jobs.entries()) {
      const sent = isSettled ? { image: images[at] as WireItem | null, outcome } : undefined;
      void this.#run(lanes[at] as MirrorLane, job, sent);
    }
  }

  async #transact(jobs: readonly MirrorJob[], images: readonly (WireItem | null)[]): Promise<FollowerOutcome> {
    const [{ follower, table }] = jobs as [MirrorJob];
    const items = jobs.map((job, at) => {
      const TableName = job.follower.tableName ?? job.table.tableName;
      const image = images[at] as WireItem | null;
      return image === null ? { Delete: { TableName, Key: job.key } } : { Put: { TableName, Item: image } };
    });
    const body = Buffer.from(JSON.stringify({ TransactItems: items }));
    const timeoutMs = table.storeTimeoutMs;
    const outcome = await follower.wire.send({ operation: 'TransactWriteItems', body, timeoutMs });
    if (outcome.kind === 'ok') return { kind: 'ok' };
    if (outcome.kind === 'unknown') return { ...outcome, kind: 'unknown' };
    const { status, errorType, message, retryAfterMs } = outcome;
    return { kind: 'refused', status, errorType, message, retryAfterMs, isThrottle: false, body: {} };
  }

  async #run(lane: MirrorLane, first: MirrorJob, sent?: Sent): Promise<void> {
    let next: MirrorJob | null = first;
    let known = sent;
    while (next !== null) {
      const job: MirrorJob = next;
      // A failure of ours says nothing of what the follower did.
      const verdict = await this.#one(lane, job, known).catch((): Verdict => UNKNOWN);
      known = undefined;
      this.#finish(job, verdict);
      next = lane.waiting;
      lane.waiting = null;
    }
    lane.isMirroring = false;
    this.parts.lanes.forget(lane);
  }

  async #one(lane: MirrorLane, job: MirrorJob, known: Sent | undefined): Promise<Verdict> {
    if (known === undefined && !mayAsk(job)) return SPARED;
    const image = known !== undefined ? known.image : job.image === REREAD ? await this.#imageOf(job) : job.image;
    if (image === undefined) return { cause: 'mirror_failed', isUnknown: false };
    const outcome = known?.outcome ?? (await this.#write(job, image));
    if (outcome.kind === 'unknown' && this.parts.safeguards.unknownOutcomes) return UNKNOWN;
    if (outcome.kind !== 'ok') return { cause: 'mirror_failed', isUnknown: false };
    if (lane.waiting !== null) return 'superseded';
    if (!this.parts.safeguards.confirm) return 'equal';
    const { table, keyId, key, authority } = job;
    const read = await this.parts.confirm.read({ table, store: authority, keyId, key });
    if (read.ok && equal(read.item, image)) return 'equal';
    return lane.waiting === null ? { cause: 'confirm_differed', isUnknown: false } : 'superseded';
  }

  /** The image to send; undefined where the authority could not be read. */
  async #imageOf(job: MirrorJob): Promise<WireItem | null | undefined> {
    if (job.image !== REREAD) return job.image;
    const { table, keyId, key, authority } = job;
    const read = await this.parts.confirm.read({ table, store: authority, keyId, key });
    return read.ok ? read.item : undefined;
  }

  async #write(job: MirrorJob, image: WireItem | null): Promise<FollowerOutcome> {
    const { table, follower, keyId, key, expression } = job;
    if (expression !== null) {
      const outcome = await follower.wire.send({ ...expression, timeoutMs: table.storeTimeoutMs });
      if (outcome.kind !== 'refused') return outcome.kind === 'ok' ? { kind: 'ok' } : outcome;
      const { status, errorType, message } = outcome;
      return { kind: 'refused', status, errorType, message, retryAfterMs: null, isThrottle: false, body: {} };
    }
    const startedAt = performance.now();
    const outcome = await this.parts.follower.write({ table, store: follower, keyId, key, image });
    const traffic = job.view.traffic(table.planTableId);
    traffic.took(job.followerSide, performance.now() - startedAt);
    if (outcome.kind === 'unknown' || (outcome.kind === 'refused' && outcome.isThrottle)) {
      traffic.add(job.followerSide === 'source' ? 'sourceErrors' : 'targetErrors');
    }
    return outcome;
  }

  #finish(job: MirrorJob, verdict: Verdict): void {
    const { intents, marker, views } = this.parts;
    const traffic = job.view.traffic(job.table.planTableId);
    if (!job.isAbandoned) {
      if (typeof verdict === 'object') {
        traffic.add('mirrorFailed');
        marker.mark(job.open, verdict.cause, verdict.isUnknown);
      } else traffic.add('mirrored');
      intents.end(job.open);
    }
    views.end(job.view, [job.table]);
    job.ticket?.release();
    job.ticket = null;
    job.isDone = true;
    job.done();
  }
}

/** The follower is left alone while it does not answer or asked for patience: the key is marked, no socket is used. */
const mayAsk = ({ follower }: MirrorJob): boolean => follower.admits === undefined || follower.admits();
const SPARED: Verdict = { cause: 'mirror_failed', isUnknown: false };

const UNKNOWN: Verdict = { cause: 'unknown_outcome', isUnknown: true };
