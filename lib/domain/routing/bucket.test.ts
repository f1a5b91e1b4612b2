import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUCKETS, bucketOf, isInShare } from './bucket';

describe('buckets', () => {
  test.each([
    ['orders:v1', 'tenant-42', 23596],
    ['orders:v1', 'tenant-43', 92104],
    ['orders:v1', 'клиент-7', 15020],
    ['users:v1', 'tenant-42', 76351],
    ['orders:v1', 'N#1', 832],
    ['orders:v1', 'S#USER#1', 39558],
    ['orders:v1', '', 97106],
    ['orders:v1', 'S#tenant-42', 6321],
  ])('%s and %j fall into %i', (salt, unit, bucket) => expect(bucketOf(salt, unit)).toBe(bucket));

  test('follow the formula for every salt and unit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (salt, unit) => {
        const digest = createHash('sha256').update(salt).update(Buffer.of(0)).update(unit).digest();
        const expected = Number((BigInt(digest.readUInt32BE(0)) * 100_000n) >> 32n);
        expect(bucketOf(salt, unit)).toBe(expected);
      }),
    );
  });

  test('a key that is in at one share is in at every higher one; none at 0 %, all at 100 %', () => {
    fc.assert(
      fc.property(fc.nat(BUCKETS - 1), fc.nat(BUCKETS), fc.nat(BUCKETS), (bucket, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        if (isInShare(bucket, low)) expect(isInShare(bucket, high)).toBe(true);
        expect(isInShare(bucket, 0)).toBe(false);
        expect(isInShare(bucket, BUCKETS)).toBe(true);
      }),
    );
  });

  test('spread keys evenly', () => {
    let inside = 0;
    for (let n = 0; n < 20_000; n += 1) if (isInShare(bucketOf('orders:v1', `S#user-${n}`), 10_000)) inside += 1;
    expect(inside).toBeGreaterThan(1_850);
    expect(inside).toBeLessThan(2_150);
  });
});
