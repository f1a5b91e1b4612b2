/**
 * Somebody who writes to the follower beside the gateways, and whatever finds it some time later (a verification that is
 * repaired, a shadow read, a stream): the late marks that a fence has to look out for (PROTOCOL F1). What is not found
 * yet at a flip nobody could know of; what is found must be settled first.
 */
import { Chance } from './chance';
import type { SimDatabase } from './sim-database';
import type { SimStore } from './sim-store';
import type { VirtualTime } from './virtual-time';

export interface BesideParts {
  seed: number;
  time: VirtualTime;
  database: SimDatabase;
  keys: readonly string[];
  follower(): SimStore;
  /** Applications still write. */
  isBusy(): boolean;
}

const SHARE = 0.15;
const FOUND_MS_MAX = 500;

export class Beside {
  readonly isAny: boolean;
  /** By key, how often it was changed and not found yet. */
  readonly unfound = new Map<string, number>();
  /** Of its own, so that a schedule without one goes the same way as if there were none. */
  readonly #chance: Chance;

  constructor(private readonly parts: BesideParts) {
    this.#chance = new Chance(parts.seed + 0.75);
    this.isAny = this.#chance.is(SHARE);
  }

  start(): void {
    if (!this.isAny || !this.parts.isBusy()) return;
    this.parts.time.after(50 + this.#chance.next() * 400, () => {
      this.#write();
      this.start();
    });
  }

  #write(): void {
    const { time, database, keys, follower } = this.parts;
    const chance = this.#chance;
    const key = chance.pick(keys);
    if (chance.is(0.5)) follower().remove(key, 'beside');
    else follower().put({ pk: { S: key }, by: { S: 'beside' } }, 'beside');
    this.unfound.set(key, (this.unfound.get(key) ?? 0) + 1);
    time.after(chance.next() * FOUND_MS_MAX, () => {
      const left = (this.unfound.get(key) ?? 0) - 1;
      if (left > 0) this.unfound.set(key, left);
      else this.unfound.delete(key);
      database.markKeys({ keyIds: [JSON.stringify([`S#${key}`])], cause: 'mismatch' });
    });
  }
}
