import { Check, Minus, Split, X } from 'lucide-react';
import { cn } from '../cn';

export const SEGMENT_STATES = ['waiting', 'running', 'done', 'failed', 'split'] as const;
export type SegmentState = (typeof SEGMENT_STATES)[number];

export interface SegmentCell {
  key: string;
  state: SegmentState;
  /** Read and shown for the cell: "Segment 3: 1,204 items, running on wrk_1". */
  says: string;
}

const LOOK: Record<SegmentState, { word: string; className: string; icon: React.ReactNode }> = {
  waiting: { word: 'waiting', className: 'border border-control border-dashed bg-surface', icon: null },
  running: {
    word: 'running',
    className: 'bg-active-tint text-active-fg border-2 border-active-solid',
    icon: <Minus />,
  },
  done: { word: 'done', className: 'bg-ok-tint text-ok-fg border border-ok-solid', icon: <Check /> },
  failed: { word: 'failed', className: 'bg-bad-solid text-surface border border-bad-solid', icon: <X /> },
  split: { word: 'split', className: 'bg-back-tint text-back-fg border border-back-solid', icon: <Split /> },
};
const CELL = 'grid size-5 place-items-center rounded-[3px] [&_svg]:size-3';

/** One cell a segment, and the count of each state in words. */
export function SegmentMap({
  segments,
  label = 'Segments',
  className,
}: {
  segments: readonly SegmentCell[];
  label?: string;
  className?: string;
}) {
  const counts = SEGMENT_STATES.map((state) => ({
    state,
    count: segments.filter((cell) => cell.state === state).length,
  }));
  return (
    <figure className={cn('flex flex-col gap-2', className)}>
      <ul aria-label={label} className="flex flex-wrap gap-1">
        {segments.map((cell) => (
          <li key={cell.key} title={cell.says} className={cn(CELL, LOOK[cell.state].className)}>
            <span aria-hidden>{LOOK[cell.state].icon}</span>
            <span className="sr-only">
              {cell.says} ({LOOK[cell.state].word})
            </span>
          </li>
        ))}
      </ul>
      <figcaption className="flex flex-wrap gap-x-4 gap-y-1 text-caption text-text-2">
        {counts
          .filter(({ count }) => count > 0)
          .map(({ state, count }) => (
            <span key={state} className="inline-flex items-center gap-1.5">
              <span aria-hidden className={cn(CELL, 'size-4', LOOK[state].className)}>
                {LOOK[state].icon}
              </span>
              {count} {LOOK[state].word}
            </span>
          ))}
      </figcaption>
    </figure>
  );
}
