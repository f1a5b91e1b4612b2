/** The runs of a schedule: a backfill once the live channel stands, a verification once it has copied. */
import type { SafeguardSet } from '@/lib/domain/safeguards';
import type { Chance } from './chance';
import type { Fences } from './fences';
import { DELTA_MS, type Direction } from './scene';
import type { SegmentRow, SimDatabase } from './sim-database';
import type { SimStore } from './sim-store';
import type { VirtualTime } from './virtual-time';

/** How a schedule begins. */
export type Beginning =
  /** Before dual write: a barrier, Δ, then the backfill. */
  | 'planned'
  /** Dual write has stood for Δ: the backfill is next. */
  | 'dual_write'
  /** Both sides equal. */
  | 'copied';

export function beginningOf(chance: Chance, authority: Direction): Beginning {
  if (authority === 'target') return 'copied';
  return chance.pick(['planned', 'dual_write', 'dual_write', 'copied'] as const);
}

/** From a mark in the database until gateways have heard of it, unless the database fails. */
const HEARD_MS_MAX = 300;
const BARRIER_LOOK_MS = 25;

export interface CopyingParts {
  time: VirtualTime;
  chance: Chance;
  safeguards: SafeguardSet;
  database: SimDatabase;
  fences(): Fences;
  give(kind: SegmentRow['kind'], segmentId: string): void;
}

export class Copying {
  /** Runs that have not begun, and backfills among them. */
  #toCome = 0;
  #backfillsToCome = 0;
  #seenAtMs = Number.NEGATIVE_INFINITY;
  /** From the first gateway that writes to both sides until none writes to the source alone, and Δ; virtual time. */
  #mixed: { fromMs: number; toMs: number } | null = null;

  constructor(private readonly parts: CopyingParts) {}

  begin(beginning: Beginning): void {
    const { time, chance } = this.parts;
    if (beginning === 'copied') return;
    this.#announce('backfill');
    if (beginning === 'dual_write') time.after(chance.next() * 800, () => this.#start('backfill'));
    else time.after(50 + chance.next() * 500, () => this.#beginDualWrite());
  }

  /** The backfill begins when every gateway has acknowledged, and Δ after the last one (PROTOCOL C1, B1). */
  #beginDualWrite(): void {
    const { time, chance, safeguards, fences } = this.parts;
    const { fence } = fences();
    const epoch = fence.beginDualWrite();
    const mixed = { fromMs: time.nowMs, toMs: Number.POSITIVE_INFINITY };
    this.#mixed = mixed;
    const look = (): void => {
      if (!fence.isAcknowledged(epoch)) {
        time.after(BARRIER_LOOK_MS, look);
        return;
      }
      mixed.toMs = time.nowMs + DELTA_MS;
      if (safeguards.liveChannelFirst) time.after(DELTA_MS + chance.next() * 50, () => this.#start('backfill'));
    };
    look();
    if (!safeguards.liveChannelFirst) this.#start('backfill');
  }

  /**
   * Keys that the source lost in the mixed time of a barrier: one gateway put them on both sides, another one, not yet
   * told, took them from the source alone. A backfill brings and never takes away, so such an item stays on the target
   * until the verification that begin_shift is gated on finds it, and its repair removes it.
   */
  leftToVerification(source: SimStore, target: SimStore): Map<string, true> {
    const left = new Map<string, true>();
    const { fromMs, toMs } = this.#mixed ?? { fromMs: 0, toMs: -1 };
    const [there, copied] = [source.all(), target.all()];
    for (const { key, item, atMs } of source.changes) {
      const isLost = item === null && atMs >= fromMs && atMs <= toMs && !there.has(key) && copied.has(key);
      if (isLost) left.set(key, true);
    }
    return left;
  }

  /** A verification compares what was copied; before that everything is missing, and truly so. */
  verifyOnceCopied(): void {
    const { time, chance } = this.parts;
    time.after(100 + chance.next() * 500, () => {
      if (this.isUnderWay()) this.verifyOnceCopied();
      else {
        this.#announce('verification');
        this.#start('verification');
      }
    });
  }

  #announce(kind: SegmentRow['kind']): void {
    this.#toCome += 1;
    if (kind === 'backfill') this.#backfillsToCome += 1;
  }

  #start(kind: SegmentRow['kind']): void {
    const { database, give } = this.parts;
    const isBackfill = kind === 'backfill';
    const sides = isBackfill ? (['source', 'source'] as const) : (['source', 'target'] as const);
    this.#toCome -= 1;
    if (isBackfill) this.#backfillsToCome -= 1;
    for (const [at, side] of sides.entries()) {
      const id = `${kind}-${at}`;
      database.segments.set(id, {
        ...{ id, runId: kind, kind, number: isBackfill ? at : 0, side, segmentsTotal: isBackfill ? 2 : 1 },
        ...{ state: 'waiting', cursor: null, pageKeys: null, pages: 0, attempts: 0, owner: null, token: 0 },
        leaseUntilMs: 0,
      });
      give(kind, id);
    }
  }

  /** A run is under way or to come. */
  isUnderWay(): boolean {
    if (this.#toCome > 0) return true;
    for (const { state } of this.parts.database.segments.values()) {
      if (state === 'waiting' || state === 'running') return true;
    }
    return false;
  }

  /**
   * Whether a read comes too early to be judged. Reads are shared out once the copy is verified and every gateway has
   * heard of each key that differs; in a schedule they are from the start, so that staleness shows. Until then the page
   * of a backfill may be in sight.
   */
  isInSight(): boolean {
    const nowMs = this.parts.time.nowMs;
    let isOpen = this.#backfillsToCome > 0;
    for (const { kind, state } of this.parts.database.segments.values()) {
      if (kind === 'backfill' && (state === 'waiting' || state === 'running')) isOpen = true;
    }
    if (isOpen) this.#seenAtMs = nowMs;
    return nowMs - this.#seenAtMs <= HEARD_MS_MAX;
  }
}
