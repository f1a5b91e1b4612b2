/**
 * Lanes (PROTOCOL W4): per key, requests to the authority one after another, and the images that follow in the order of
 * those requests. A request to the authority never waits for the follower: while one image is on its way, the newest
 * waits and replaces an older one that waits.
 */
import { LIMITS } from '../limits';
import { PassingMap } from '../passing-map';

export interface Lane<Job> {
  readonly id: string;
  /** A request to the authority is under way. */
  isBusy: boolean;
  readonly queue: (() => void)[];
  /** An image of the key is on its way to the follower, or is being confirmed. */
  isMirroring: boolean;
  /** The newest image behind it. */
  waiting: Job | null;
}

export class LaneFullError extends Error {
  override readonly name = 'LaneFullError';
}

export class Lanes<Job> {
  readonly #lanes = new PassingMap<string, Lane<Job>>();

  get size(): number {
    return this.#lanes.size;
  }

  /** The lane of a key, for its images. */
  lane(id: string): Lane<Job> {
    let lane = this.#lanes.get(id);
    if (lane === undefined) {
      lane = { id, isBusy: false, queue: [], isMirroring: false, waiting: null };
      this.#lanes.set(id, lane);
    }
    return lane;
  }

  /**
   * Takes the lanes in sorted order, so that two requests on the same keys never wait for each other crosswise.
   * @throws LaneFullError where too many wait already; nothing is taken then.
   */
  async take(ids: readonly string[]): Promise<Lane<Job>[]> {
    const taken: Lane<Job>[] = [];
    for (const id of ids.length > 1 ? [...new Set(ids)].sort() : ids) {
      const lane = this.lane(id);
      if (lane.isBusy) {
        if (lane.queue.length >= LIMITS.laneQueueMax) {
          this.give(taken);
          throw new LaneFullError(`${lane.queue.length} requests wait for one key`);
        }
        await new Promise<void>((turn) => lane.queue.push(turn));
      } else lane.isBusy = true;
      taken.push(lane);
    }
    return taken;
  }

  give(lanes: readonly Lane<Job>[]): void {
    for (const lane of lanes) {
      const next = lane.queue.shift();
      // The lane stays busy: it is handed on, so nobody can step in between.
      if (next !== undefined) next();
      else {
        lane.isBusy = false;
        this.forget(lane);
      }
    }
  }

  /** Drops a lane that nobody uses. */
  forget(lane: Lane<Job>): void {
    if (!lane.isBusy && !lane.isMirroring && lane.waiting === null && lane.queue.length === 0)
      this.#lanes.delete(lane.id);
  }
}
