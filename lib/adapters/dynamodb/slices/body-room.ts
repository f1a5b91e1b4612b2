/**
 * Memory that bodies of batches are put together in. A fresh buffer of 19 KB costs as much as hashing it (5 µs, and the
 * collector's time besides), so rooms are used again. Each keeps free bytes before the body, where the wire puts the
 * head, so that both go out in one write.
 */

/** Before every body: the wire's head has 500 bytes, and 2,000 with a session token. */
export const HEAD_ROOM_BYTES = 4 * 1024;
/** A batch of 25 items of 2 KB; larger ones are rare and get memory of their own. */
const ROOM_BYTES = 64 * 1024;
/** As many as a process has batches under way; more are left to the collector. */
const FREE_MAX = 128;

const free: ArrayBuffer[] = [];

/** So many bytes, with `HEAD_ROOM_BYTES` before them in the same memory. */
export function takeRoom(bytes: number): Buffer {
  const needed = HEAD_ROOM_BYTES + bytes;
  const memory = needed > ROOM_BYTES ? new ArrayBuffer(needed) : (free.pop() ?? new ArrayBuffer(ROOM_BYTES));
  return Buffer.from(memory, HEAD_ROOM_BYTES, bytes);
}

/** Nobody reads this body any more: a whole answer to it has come. Without such an answer its memory is not given back. */
export function giveRoomBack(body: Buffer): void {
  if (body.buffer.byteLength === ROOM_BYTES && free.length < FREE_MAX) free.push(body.buffer as ArrayBuffer);
}
