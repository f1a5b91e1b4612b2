/** How many parts a scan is divided into. Pure; frozen for a run, because a cursor is good only for its own layout. */

/** What one segment is meant to hold: whichever of the two asks for more segments counts. */
const SEGMENT_ITEMS = 25_000;
const SEGMENT_BYTES = 64 * 1024 * 1024;
const SEGMENTS_MIN = 4;
/** Each is a row, a lease and a job; beyond it segments grow instead. */
export const SEGMENTS_MAX = 256;

/** Segments of a scan over a table of this size, as its store describes it (its figures are up to six hours old). */
export function segmentsFor({ itemCount, sizeBytes }: { itemCount: number; sizeBytes: number }): number {
  const wanted = Math.max(itemCount / SEGMENT_ITEMS, sizeBytes / SEGMENT_BYTES);
  return Math.min(SEGMENTS_MAX, Math.max(SEGMENTS_MIN, Math.ceil(Number.isFinite(wanted) ? wanted : 0)));
}
