/**
 * Memory that answers are read into whose bytes are cut and then done with. A page has two megabytes: made anew, its memory
 * is cold, and lies about until the collector comes. Whoever took a room gives it back only when nothing that was cut from
 * it is held any more; one that is never given back is left to the collector.
 */

/** Bodies below this are small enough for Node's own memory. */
const BYTES_MIN = 16 * 1024;
/** Sizes of rooms, and how many of each are kept: a hundred items of 1 KB and of 5 KB, and a page of a scan. */
const SIZES = [
  { bytes: 128 * 1024, freeMax: 64 },
  { bytes: 512 * 1024, freeMax: 16 },
  { bytes: 2 * 1024 * 1024, freeMax: 8 },
] as const;

const free: Buffer[][] = SIZES.map(() => []);
/** Memory that was taken and not given back. Anything else is nobody's to give. */
const taken = new WeakMap<ArrayBufferLike, { room: Buffer; size: number }>();

/** A body of exactly so many bytes. */
export function takeAnswerRoom(bytes: number): Buffer {
  const size = bytes < BYTES_MIN ? -1 : SIZES.findIndex((one) => one.bytes >= bytes);
  if (size === -1) return Buffer.allocUnsafe(bytes);
  const room = (free[size] as Buffer[]).pop() ?? Buffer.allocUnsafeSlow((SIZES[size] as { bytes: number }).bytes);
  taken.set(room.buffer, { room, size });
  return room.length === bytes ? room : Buffer.from(room.buffer as ArrayBuffer, 0, bytes);
}

/** Nothing that was cut from this body is read any more. Bodies of other memory are let be. */
export function giveAnswerRoomBack(body: Buffer): void {
  const known = taken.get(body.buffer);
  if (known === undefined) return;
  taken.delete(body.buffer);
  const { room, size } = known;
  const rooms = free[size] as Buffer[];
  if (rooms.length < (SIZES[size] as { freeMax: number }).freeMax) rooms.push(room);
}
