/** Packing of writes into batches that the target takes whole. */
export interface PackEntry {
  keyId: string;
}

export interface PackLimits {
  itemsMax: number;
  bytesMax: number;
}

/** TerraScale's batch: 25 entries, 4 MB the request. DynamoDB takes as many entries and 16 MB. */
export const TERRASCALE_BATCH: PackLimits = { itemsMax: 25, bytesMax: 4 * 1024 * 1024 };
export const DYNAMODB_BATCH: PackLimits = { itemsMax: 25, bytesMax: 16 * 1024 * 1024 };
/** Room for what stands around the entries: operation members, table name, commas. */
export const REQUEST_FRAME_BYTES = 512;

export interface Packed<E> {
  batches: E[][];
  /** Too large for any batch: to be set aside by name, never to be dropped. */
  oversized: E[];
}

/**
 * Packs entries in order, at most `itemsMax` and `bytesMax` a batch; `bytesOf` says what an entry takes in the body. Of several entries on one key only the last is
 * kept, at the place of the first, because a batch with a key twice is refused whole and the last one is the truth.
 */
export function packBatches<E extends PackEntry>(
  entries: readonly E[],
  limits: PackLimits,
  bytesOf: (entry: E) => number,
): Packed<E> {
  const latest = new Map<string, E>();
  for (const entry of entries) latest.set(entry.keyId, entry);
  const room = limits.bytesMax - REQUEST_FRAME_BYTES;
  const packed: Packed<E> = { batches: [], oversized: [] };
  let batch: E[] = [];
  let bytes = 0;
  for (const entry of latest.values()) {
    const size = bytesOf(entry);
    if (size > room) {
      packed.oversized.push(entry);
      continue;
    }
    if (batch.length === limits.itemsMax || bytes + size > room) {
      packed.batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length > 0) packed.batches.push(batch);
  return packed;
}
