import type { ChartMark } from '@/app/_ui/charts/time-series-chart';
import type { TrafficView } from '@/lib/contracts/views';

// Marks nearer to each other than this part of the range would write over each other.
const APART = 0.04;

/** Marks by their number in the list of the traffic page; those too near to each other share one line: "2–4". */
export function marksOf(traffic: Pick<TrafficView, 'marks' | 'fromAt' | 'toAt'>): ChartMark[] {
  const apartMs = APART * (Date.parse(traffic.toAt) - Date.parse(traffic.fromAt));
  const lines: { atMs: number; first: number; last: number }[] = [];
  traffic.marks.forEach((mark, index) => {
    const atMs = Date.parse(mark.at);
    const before = lines.at(-1);
    if (before && atMs - before.atMs < apartMs) before.last = index + 1;
    else lines.push({ atMs, first: index + 1, last: index + 1 });
  });
  return lines.map(({ atMs, first, last }) => ({ atMs, label: first === last ? `${first}` : `${first}–${last}` }));
}
