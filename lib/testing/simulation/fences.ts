/** The flips of a schedule: when they begin, who drives them, and what was the truth at any time. */
import type { SafeguardSet } from '@/lib/domain/safeguards';
import { Chance } from './chance';
import { convergence, type Side } from './history';
import { DELTA_MS, type Direction } from './scene';
import type { SimDatabase } from './sim-database';
import { SimFence } from './sim-fence';
import { ROUTING_MS } from './sim-gateway';
import type { SimStore } from './sim-store';
import type { VirtualTime } from './virtual-time';

const SHORT_HOLD_MS = 1_000;

export interface FencesParts {
  seed: number;
  time: VirtualTime;
  safeguards: SafeguardSet;
  database: SimDatabase;
  /** At the start. */
  authority: Direction;
  stores: Record<Direction, SimStore>;
  isExpired(item: object): boolean;
  /** A backfill or verification is under way: no fence before it has ended. */
  isCopying(): boolean;
  /** The table begins before dual write. */
  isPlanned: boolean;
  isSilent(identity: string): boolean;
  /** Keys of the follower that somebody else changed and nobody has found yet. */
  unfound: ReadonlyMap<string, number>;
  /** Applications still write. */
  isBusy(): boolean;
  /** Each after so long: at once, or at its next look where the notification was lost. */
  tellGateways(afterMs: () => number): void;
  /** A start of it was registered. */
  onRegistered(identity: string): void;
}

export class Fences {
  readonly fence: SimFence;
  /** Whether routing changes in this schedule at all. */
  readonly isAny: boolean;
  readonly problems: string[] = [];
  /** Of its own, so that a schedule without a fence goes the same way as if there were none. */
  readonly #chance: Chance;
  readonly #flips: { atMs: number; to: Direction }[] = [];
  #toCome: number;

  constructor(private readonly parts: FencesParts) {
    const { database, time, safeguards, authority } = parts;
    this.#chance = new Chance(parts.seed + 0.25);
    // What the mixed time of a barrier leaves behind is found by the verification before shift, which is not run here.
    this.#toCome = parts.isPlanned ? 0 : this.#chance.pick([0, 0, 1, 2, 3]);
    this.isAny = this.#toCome > 0 || parts.isPlanned;
    this.fence = new SimFence({
      ...{ database, nowMs: () => time.nowMs, safeguards, authority },
      ...{ isPlanned: parts.isPlanned, isSilent: (identity) => parts.isSilent(identity) },
      onFlip: (to) => this.#flipped(to),
      onRegistered: (identity) => parts.onRegistered(identity),
      onPublish: () =>
        parts.tellGateways(() => (this.#chance.is(0.05) ? this.#chance.next() * ROUTING_MS : this.#chance.delayMs(5))),
    });
    database.fence = this.fence;
  }

  /** A flip forth or back, some time after the copy is complete; another after it, while applications still write. */
  start(): void {
    if (this.#toCome === 0) return;
    const chance = this.#chance;
    this.parts.time.after(100 + chance.next() * 500, () => {
      if (!this.parts.isBusy()) return;
      const isLong = chance.is(0.4);
      const hold = { isLong, boundMs: isLong ? 2 * DELTA_MS : SHORT_HOLD_MS };
      if (this.parts.isCopying() || !this.fence.begin(hold)) {
        this.start();
        return;
      }
      this.#toCome -= 1;
      this.#drive();
    });
  }

  #drive(): void {
    this.fence.drive();
    if (this.fence.open === null) this.start();
    else this.parts.time.after(15 + this.#chance.next() * 15, () => this.#drive());
  }

  /** The authority changes while both sides are equal, or something is lost with it. */
  #flipped(to: Direction): void {
    const { stores, isExpired, time, unfound } = this.parts;
    const from = to === 'source' ? 'target' : 'source';
    const found = convergence({ authority: stores[from], follower: stores[to], isExpired, except: unfound });
    this.problems.push(...found.map((problem) => `at a flip: ${problem}`));
    this.#flips.push({ atMs: time.nowMs, to });
  }

  /** What the authority applied, whichever store it was then. */
  truth(): Side {
    const { stores, authority } = this.parts;
    const now = stores[this.fence.authority];
    const turns = [{ atMs: Number.NEGATIVE_INFINITY, to: authority }, ...this.#flips];
    const changes = turns.flatMap(({ atMs, to }, at) => {
      const endMs = turns[at + 1]?.atMs ?? Number.POSITIVE_INFINITY;
      return stores[to].changes.filter((change) => change.atMs > atMs && change.atMs <= endMs);
    });
    return { name: now.name, changes, all: () => now.all() };
  }

  follower(): Side {
    return this.parts.stores[this.fence.authority === 'source' ? 'target' : 'source'];
  }
}
