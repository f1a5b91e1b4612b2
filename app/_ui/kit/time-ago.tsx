'use client';

import { useEffect, useState } from 'react';
import { cn } from '../cn';
import { Tooltip } from '../primitives/tooltip';
import { formatAgo, formatDuration, formatUtc } from './format';

const TICK_MS = 1_000;
const listeners = new Set<(nowMs: number) => void>();
let timer: ReturnType<typeof setInterval> | null = null;

/** One clock for the whole page, stopped when nobody reads it. */
function subscribe(listener: (nowMs: number) => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    const nowMs = Date.now();
    for (const each of listeners) each(nowMs);
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer) {
      clearInterval(timer);
      timer = null;
    }
  };
}

/** The time now, once a second; null until the page has hydrated, so that server and browser agree. */
export function useNow(): number | null {
  const [nowMs, setNowMs] = useState<number | null>(null);
  useEffect(() => {
    setNowMs(Date.now());
    return subscribe(setNowMs);
  }, []);
  return nowMs;
}

/** How long ago (or until), with the exact UTC instant on hover and on focus. `never` stands where there is no instant. */
export function TimeAgo({
  at,
  never = 'never',
  className,
}: {
  at: string | number | Date | null | undefined;
  never?: string;
  className?: string;
}) {
  const nowMs = useNow();
  if (at === null || at === undefined) return <span className={cn('text-muted', className)}>{never}</span>;
  const instant = new Date(at);
  const utc = formatUtc(instant);
  return (
    <Tooltip content={<span className="tabular-nums">{utc}</span>}>
      <time
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the exact time must be reachable by keyboard too.
        tabIndex={0}
        dateTime={instant.toISOString()}
        // The exact instant, which stands until the page has hydrated, is long: it may wrap.
        className={cn('rounded-control', nowMs !== null && 'whitespace-nowrap', className)}
      >
        {nowMs === null ? utc : formatAgo(instant.getTime(), nowMs)}
      </time>
    </Tooltip>
  );
}

/** A length of time in words; a machine reads the same in `datetime`. */
export function Duration({ ms, className }: { ms: number | null | undefined; className?: string }) {
  return (
    <time
      dateTime={typeof ms === 'number' ? `PT${(Math.max(0, ms) / 1000).toFixed(3)}S` : undefined}
      className={cn('whitespace-nowrap', className)}
    >
      {formatDuration(ms)}
    </time>
  );
}

/** A range and its condition; one number would claim more than is known. */
export function Eta({ fromMs, toMs, className }: { fromMs: number | null; toMs: number | null; className?: string }) {
  if (fromMs === null || toMs === null) return <span className={cn('text-muted', className)}>not known yet</span>;
  return (
    <span className={className}>
      {formatDuration(fromMs)} to {formatDuration(toMs)} <span className="text-muted">if the rate holds</span>
    </span>
  );
}
