import { describe, expect, test } from 'vitest';
import { type SegmentSize, stubbornSegment } from './stubborn';

const sizes = (itemsRead: number[], more: Partial<SegmentSize> = {}): SegmentSize[] =>
  itemsRead.map((items, number) => ({ number, side: 'source', file: null, itemsRead: items, ...more }));

describe('the segment that the others wait for', () => {
  test('is named with what it holds beyond the median', () => {
    expect(stubbornSegment(sizes([10_000, 12_000, 250_000, 11_000]))).toEqual({
      number: 2,
      side: 'source',
      itemsRead: 250_000,
      itemsBeyondMedian: 239_000,
    });
  });

  test('is the one further beyond where both sides have one', () => {
    const both = [...sizes([10, 10, 10, 5_000]), ...sizes([10, 9_000, 10, 10], { side: 'target' })];
    expect(stubbornSegment(both)).toMatchObject({ number: 1, side: 'target' });
  });

  test.each([
    ['segments are alike', sizes([10_000, 12_000, 25_000, 11_000])],
    ['a table is small', sizes([0, 0, 900, 0])],
    ['there are too few to tell', sizes([10, 10, 500_000])],
    ['files of an export differ', sizes([10, 10, 10, 500_000], { file: 'data.json.gz' })],
    ['a run has no segments', []],
  ])('is none where %s', (_what, segments) => expect(stubbornSegment(segments)).toBeNull());
});
