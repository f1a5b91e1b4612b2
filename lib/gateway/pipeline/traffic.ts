/** Counters of one table under one epoch, taken and emptied about every second. */
import type { Side } from './stores';

export const COUNTS = [
  'readsSource',
  'readsTarget',
  'readsFallbackError',
  'readsFallbackMissing',
  'readsDirty',
  'readsStrong',
  'readsUnroutable',
  'writes',
  'writesRefused',
  'mirrored',
  'mirrorFailed',
  'mirrorLate',
  'sourceErrors',
  'targetErrors',
  'userErrors',
  'heldMs',
  'shadowReads',
  'shadowDropped',
  'shadowSkipped',
  'shadowExpired',
  'shadowErrors',
  'shadowCompared',
  'shadowSettled',
  'shadowMissing',
  'shadowExtra',
  'shadowDifferent',
  'shadowType',
] as const;
export type Count = (typeof COUNTS)[number];
export type Counts = Record<Count, number>;

export const emptyCounts = (): Counts => Object.fromEntries(COUNTS.map((name) => [name, 0])) as Counts;

/** Buckets of a latency histogram: 16 to each doubling from 16 µs on, so a percentile is off by 4 % at most. */
const STEPS = 16;
const BUCKETS = 24 * STEPS;

export class Histogram {
  readonly #buckets = new Uint32Array(BUCKETS);
  #total = 0;

  add(us: number): void {
    const at = Math.floor(Math.log2(Math.max(us, 16) / 16) * STEPS);
    const bucket = Math.min(at, BUCKETS - 1);
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + 1;
    this.#total += 1;
  }

  /** Percentiles in µs, and empties itself; null without a value. */
  take(): { p50: number; p95: number; p99: number } | null {
    if (this.#total === 0) return null;
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => this.#at(share)) as [number, number, number];
    this.#buckets.fill(0);
    this.#total = 0;
    return { p50, p95, p99 };
  }

  #at(share: number): number {
    const rank = Math.ceil(this.#total * share);
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      seen += this.#buckets[bucket] as number;
      if (seen >= rank) return Math.round(16 * 2 ** ((bucket + 0.5) / STEPS));
    }
    return 0;
  }
}

export class TableTraffic {
  counts = emptyCounts();
  /** `totals` only rise, over all epochs. */
  constructor(private readonly totals: Counts = emptyCounts()) {}

  isTouched = false;
  readonly latency: Record<Side, Histogram> = { source: new Histogram(), target: new Histogram() };
  /** Both sides of shadowed reads alone: the same keys at the same time, apart from what users waited for. */
  readonly shadowLatency: Record<Side, Histogram> = { source: new Histogram(), target: new Histogram() };

  add(name: Count, by = 1): void {
    this.counts[name] += by;
    this.totals[name] += by;
    this.isTouched = true;
  }

  took(side: Side, ms: number): void {
    this.latency[side].add(ms * 1_000);
    this.isTouched = true;
  }

  shadowTook(side: Side, ms: number): void {
    this.shadowLatency[side].add(ms * 1_000);
    this.isTouched = true;
  }
}
