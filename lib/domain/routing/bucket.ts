import { utf8 } from '../item/bytes';
import { sha256 } from '../sha256';

/** Buckets of the key space; one is 0.001 %. `readShareMilli` counts in the same grain: 1 % = 1000. */
export const BUCKETS = 100_000;

/**
 * Bucket of a unit, 0 to 99,999. Normative, the same in gateway, client and flags: first 4 bytes big-endian of
 * SHA-256(utf8(salt) || 0x00 || utf8(unit)), times 100000, over 2^32, rounded down. The product stays below 2^49, so a
 * double is exact. The unit is the typed partition key (`partitionUnit` in item/key.ts).
 */
export function bucketOf(salt: string, unit: string): number {
  const saltBytes = utf8(salt);
  const unitBytes = utf8(unit);
  const message = new Uint8Array(saltBytes.length + 1 + unitBytes.length);
  message.set(saltBytes);
  message.set(unitBytes, saltBytes.length + 1);
  const digest = sha256(message);
  const u32 = new DataView(digest.buffer).getUint32(0);
  return Math.floor((u32 * BUCKETS) / 2 ** 32);
}

/** Whether a bucket reads from the target at this share: who is in at 10 % is in at 50 %. */
export const isInShare = (bucket: number, readShareMilli: number): boolean => bucket < readShareMilli;
