/**
 * A sampled verification: which keys are in it, and what it may say of those that are not. A key is in or out by a hash
 * under a salt that is drawn anew for each run, so every item has the same chance and none knows it beforehand; both
 * sides hash alike, so a key is looked for on the other side wherever it is found.
 */
import { formatCount } from '../units';

export interface Sample {
  /** Share of all keys, in parts per million: 1 to 999,999. */
  ppm: number;
  salt: string;
}

export const PPM = 1_000_000;
/** Fewer say little: of 300 without a difference it is known that at most 1 % differ. */
export const SAMPLE_ITEMS_MIN = 300;
export const SAMPLE_ITEMS_MAX = 100_000_000;
export const CONFIDENCE = 0.95;

/** Whether a key takes part. */
export const isInSample = (sample: Sample, keyId: string): boolean =>
  (hash32(`${sample.salt}\0${keyId}`) * PPM) / 2 ** 32 < sample.ppm;

/**
 * MurmurHash3 (x86, 32 bits) over UTF-16 units. Nobody has to be kept from forging a key into a sample, and SHA-256 in
 * JavaScript took 17 µs a key, more than comparing an item.
 */
function hash32(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at += 2) {
    let word = text.charCodeAt(at) | ((at + 1 < text.length ? text.charCodeAt(at + 1) : 0) << 16);
    word = Math.imul(word, 0xcc9e2d51);
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash ^= word;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash ^= text.length * 2;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Share that brings about so many items into the sample; null: the table has hardly more, so all are compared. */
export function samplePpm(wanted: number, itemsEstimate: number): number | null {
  if (itemsEstimate <= 0) return null;
  const ppm = Math.ceil((wanted / itemsEstimate) * PPM);
  return ppm >= PPM ? null : Math.max(1, ppm);
}

/**
 * The highest share of differing items under which so few would be found with the probability 1 − confidence: the exact
 * one-sided bound of Clopper and Pearson. Without a find it is close to 3/n ("rule of three"). A sample without
 * replacement, as this one is, is never worse than the binomial one that the bound is made for.
 */
export function upperBound(of: { compared: number; different: number; confidence?: number }): number {
  const { compared: n, different: k, confidence = CONFIDENCE } = of;
  if (n <= 0 || k >= n) return 1;
  const alpha = 1 - confidence;
  if (k === 0) return -Math.expm1(Math.log(alpha) / n);
  let [low, high] = [k / n, 1];
  // Half a hundred halvings leave less than a double can hold.
  for (let turn = 0; turn < 60; turn += 1) {
    const p = (low + high) / 2;
    if (atMost(k, n, p) > alpha) low = p;
    else high = p;
  }
  return high;
}

/** Probability of at most k of n at p, by the ratio of neighbouring terms; in logarithms, so that nothing underflows. */
function atMost(k: number, n: number, p: number): number {
  if (p >= 1) return 0;
  const odds = Math.log(p) - Math.log1p(-p);
  let term = n * Math.log1p(-p);
  let sum = Math.exp(term);
  for (let i = 0; i < k; i += 1) {
    term += Math.log((n - i) / (i + 1)) + odds;
    sum += Math.exp(term);
  }
  return sum;
}

/** `30 ppm`, `0.12 %`: rounded up, because a bound that is rounded down is none. */
export function sayShare(share: number): string {
  const ppm = share * PPM;
  if (ppm < 1_000) return `${formatCount(Math.ceil(ppm))} ppm`;
  const hundredths = Math.ceil(share * 10_000);
  return `${hundredths / 100} %`;
}

/** What a sample that was compared to its end says of the whole table. */
export function sampleSays(of: { compared: number; different: number; undecided: number }): string {
  const found = `${formatCount(of.different)} of ${formatCount(of.compared)} sampled items differ`;
  const apart = of.undecided > 0 ? ` (${formatCount(of.undecided)} hot or in flight apart)` : '';
  if (of.compared === 0) return `${found}${apart}: nothing is known of the rest.`;
  return `${found}${apart}: with 95 % confidence at most ${sayShare(upperBound(of))} of all items do.`;
}
