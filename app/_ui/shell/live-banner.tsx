'use client';

import { CircleDashed, CircleDot, Pause, Play, RefreshCw, TriangleAlert } from 'lucide-react';
import { type LiveState, useLive } from '../../_data/live';
import { cn } from '../cn';
import { formatAgo } from '../kit/format';
import { useNow } from '../kit/time-ago';
import { Button } from '../primitives/button';
import { Tooltip } from '../primitives/tooltip';
import { TONE_CLASS, type Tone } from '../tone';

const LOOK: Record<LiveState, { tone: Tone; Icon: typeof CircleDot; word: string; says: string }> = {
  connecting: { tone: 'idle', Icon: CircleDashed, word: 'Connecting', says: 'What you see was read a moment ago.' },
  live: { tone: 'ok', Icon: CircleDot, word: 'Live', says: 'Changes show as they happen.' },
  reconnecting: {
    tone: 'warn',
    Icon: RefreshCw,
    word: 'Reconnecting',
    says: 'Changes are asked for every few seconds until the stream is back.',
  },
  stale: {
    tone: 'bad',
    Icon: TriangleAlert,
    word: 'Stale',
    says: 'What you see may be old. Moves forward wait; going back does not.',
  },
};

/** Whether what is on screen is current: a chip in the top bar, said aloud only when it changes. */
export function LiveChip() {
  const live = useLive();
  const nowMs = useNow();
  const look = LOOK[live.state];
  const age =
    live.state !== 'live' && live.state !== 'connecting' && live.currentAtMs !== null && nowMs !== null
      ? `, data of ${formatAgo(live.currentAtMs, nowMs)}`
      : '';
  return (
    <span className="inline-flex items-center gap-1">
      <Tooltip
        content={live.isPaused ? 'You paused live updates. Moves forward wait; going back does not.' : look.says}
      >
        <span
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the sentence must be reachable by keyboard too.
          tabIndex={0}
          className={cn(
            'inline-flex min-h-6 items-center gap-1 whitespace-nowrap rounded-control px-1.5 font-medium text-caption',
            TONE_CLASS[look.tone].badge,
          )}
        >
          <look.Icon aria-hidden className="size-3" />
          <span>
            {live.isPaused ? 'Paused' : look.word}
            <span className="hidden md:inline">{age}</span>
          </span>
        </span>
      </Tooltip>
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label={live.isPaused ? 'Resume live updates' : 'Pause live updates'}
        aria-pressed={live.isPaused}
        onClick={() => live.setPaused(!live.isPaused)}
      >
        {live.isPaused ? <Play aria-hidden /> : <Pause aria-hidden />}
      </Button>
      <span role="status" className="sr-only">
        {live.isPaused ? 'Live updates paused' : look.word}
      </span>
    </span>
  );
}

/** Over the page while its data is not current. */
export function LiveBanner() {
  const live = useLive();
  const nowMs = useNow();
  if (live.state !== 'stale') return null;
  const age =
    live.currentAtMs === null ? 'of unknown age' : nowMs === null ? '' : `of ${formatAgo(live.currentAtMs, nowMs)}`;
  return (
    <div
      data-chrome
      className={cn(
        'flex flex-wrap items-center gap-2 border-b px-4 py-1.5 text-data',
        TONE_CLASS.bad.badge,
        TONE_CLASS.bad.border,
      )}
    >
      <TriangleAlert aria-hidden className="size-4 shrink-0" />
      <span className="min-w-0">
        <strong className="font-semibold">
          {live.isPaused ? 'Live updates are paused.' : 'This screen is stale.'}
        </strong>{' '}
        Data {age}. Moves forward are off until it is live again; going back always works.
      </span>
    </div>
  );
}
