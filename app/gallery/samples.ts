/** Samples that show every state of a part; they are on no page of the console. */
import type { ChartMark, ChartPoint } from '../_ui/charts/time-series-chart';
import type { GateLine } from '../_ui/kit/gate-list';
import type { DiffRow } from '../_ui/kit/item-diff';
import type { DryRun } from '../_ui/kit/move-dialog';
import { SEGMENT_STATES, type SegmentCell } from '../_ui/kit/segment-map';

export const CHART_START_MS = Date.UTC(2026, 0, 5, 2, 0, 0);
const GAP = { from: 24, to: 30 };

export const CHART_POINTS: ChartPoint[] = Array.from({ length: 60 }, (_, index) => {
  const isGap = index >= GAP.from && index < GAP.to;
  const wave = Math.sin(index / 5);
  return {
    atMs: CHART_START_MS + index * 10_000,
    source: isGap ? null : 800 + wave * 60,
    target: isGap ? null : index < 12 ? 0 : 90 + wave * 12,
    p50: isGap ? null : 6 + wave,
    p99: isGap ? null : 22 + wave * 4,
  };
});
export const CHART_MARKS: ChartMark[] = [{ atMs: CHART_START_MS + 120_000, label: 'epoch 41: 10 %' }];

export const GATES: GateLine[] = [
  {
    gate: 'dirty',
    met: false,
    sentence: 'The oldest dirty key is too old.',
    observed: '4.2 s',
    limit: '2 s',
    href: '/gallery',
  },
  { gate: 'dwell', met: true, sentence: 'The share has been held long enough.', observed: '32m 1s', limit: '20m' },
  { gate: 'guard', met: true, sentence: 'Every guardrail is green.', observed: '9 of 9', limit: 'all' },
];

export const DRY_RUN: DryRun = {
  hash: 'sample',
  gates: [],
  steps: [
    { key: '1', label: 'Hold writes at 3 gateways', detail: 'at most 2 s' },
    { key: '2', label: 'Settle what is dirty' },
    { key: '3', label: 'Flip the authority and release' },
  ],
};

export const SEGMENTS: SegmentCell[] = Array.from({ length: 64 }, (_, index) => {
  const state =
    index === 9 ? 'failed' : index === 20 ? 'split' : index < 40 ? 'done' : index < 44 ? 'running' : 'waiting';
  return {
    key: String(index),
    state: SEGMENT_STATES.find((each) => each === state) ?? 'waiting',
    says: `Segment ${index + 1}: ${index * 17} items`,
  };
});

export const TABLE_ROWS = [
  { name: 'orders', stage: 'shift', id: 'tbl_4f0c2a9b8d7e6f5a4b3c', items: 1_204 },
  { name: 'customers', stage: 'verify', id: 'tbl_9b8d7e6f5a4b3c4f0c2a', items: 98 },
  { name: 'carts', stage: 'planned', id: 'tbl_7e6f5a4b3c4f0c2a9b8d', items: 40_210 },
] as const;

export const DIFF_ROWS: DiffRow[] = [
  { attribute: 'pk', source: '{"S":"order-17"}', target: '{"S":"order-17"}', isDifferent: false },
  { attribute: 'total', source: '{"N":"19.90"}', target: '{"N":"17.90"}', isDifferent: true },
  { attribute: 'note', source: '{"S":"leave at the door"}', target: null, isDifferent: true },
];
