import { describe, expect, test } from 'vitest';
import { SEGMENTS_MAX, segmentsFor } from './segments';

const MB = 1024 * 1024;

describe('segments of a scan', () => {
  test.each([
    ['a table that is empty, or not described yet', { itemCount: 0, sizeBytes: 0 }, 4],
    ['many small items', { itemCount: 1_000_000, sizeBytes: 100 * MB }, 40],
    ['few large items', { itemCount: 2_000, sizeBytes: 640 * MB }, 10],
    ['more than a run may have', { itemCount: 1e9, sizeBytes: 1e12 }, SEGMENTS_MAX],
  ])('%s', (_, size, segments) => {
    expect(segmentsFor(size)).toBe(segments);
  });
});
