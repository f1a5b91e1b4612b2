import { describe, expect, it } from 'vitest';
import { marksOf } from './chart-marks';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const traffic = (...seconds: number[]) => ({
  fromAt: at(0),
  toAt: at(300),
  marks: seconds.map((second) => ({ at: at(second), label: 'a long sentence', kind: 'epoch' as const })),
});

describe('marks on a chart', () => {
  it('carry the number under which their sentence stands in the list', () => {
    expect(marksOf(traffic(10, 100)).map((mark) => mark.label)).toEqual(['1', '2']);
  });

  it('share a line when they would write over each other', () => {
    expect(marksOf(traffic(10, 12, 14, 100)).map((mark) => mark.label)).toEqual(['1–3', '4']);
  });
});
