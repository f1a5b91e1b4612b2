/**
 * The segment that the others of a run wait for. A scan is divided by the hash of the partition key, so the items of one
 * key are always in one segment, and no documented way divides a segment's scan while it runs.
 */

/** Of how many times the median of its run a segment is told, and from how many items beyond it. */
const TIMES_MEDIAN_MIN = 3;
const ITEMS_BEYOND_MIN = 1_000;
/** Of fewer a median says nothing. */
const SEGMENTS_MIN = 4;

export interface SegmentSize {
  number: number;
  side: 'source' | 'target';
  /** Of an export: its files are as they were made. */
  file: string | null;
  itemsRead: number;
}

export interface StubbornSegment {
  number: number;
  side: 'source' | 'target';
  itemsRead: number;
  /** Items more than the median of the segments of its side has. */
  itemsBeyondMedian: number;
}

/** The largest segment where it is much larger than most of its side; null: none is, as far as the run has come. */
export function stubbornSegment(segments: readonly SegmentSize[]): StubbornSegment | null {
  const found = [of('source', segments), of('target', segments)].filter((one) => one !== null);
  return found.sort((a, b) => b.itemsBeyondMedian - a.itemsBeyondMedian)[0] ?? null;
}

function of(side: 'source' | 'target', segments: readonly SegmentSize[]): StubbornSegment | null {
  const sorted = segments
    .filter((one) => one.side === side && one.file === null)
    .sort((a, b) => a.itemsRead - b.itemsRead);
  const largest = sorted.at(-1);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  if (sorted.length < SEGMENTS_MIN || !largest || !median) return null;
  const itemsBeyondMedian = largest.itemsRead - median.itemsRead;
  if (largest.itemsRead < TIMES_MEDIAN_MIN * median.itemsRead || itemsBeyondMedian < ITEMS_BEYOND_MIN) return null;
  return { number: largest.number, side, itemsRead: largest.itemsRead, itemsBeyondMedian };
}
