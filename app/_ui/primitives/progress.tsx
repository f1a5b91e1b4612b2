'use client';

import { Progress as Base } from '@base-ui/react/progress';
import { useId } from 'react';
import { cn } from '../cn';

/** A bar with its words. `value` is 0 to 100, or null while the total is not known; `says` is read instead of a bare number. */
export function Progress({
  value,
  label,
  says,
  tone = 'active',
  className,
}: {
  value: number | null;
  label: React.ReactNode;
  says: string;
  tone?: 'active' | 'ok' | 'warn' | 'bad' | 'back' | 'idle';
  className?: string;
}) {
  // Named by hand, so that it has its name before the page has hydrated.
  const labelId = useId();
  return (
    <Base.Root
      value={value}
      getAriaValueText={() => says}
      aria-labelledby={labelId}
      className={cn('flex flex-col gap-1', className)}
    >
      <div className="flex items-baseline justify-between gap-3 text-data">
        <Base.Label id={labelId} className="font-medium">
          {label}
        </Base.Label>
        <span className="text-text-2">{says}</span>
      </div>
      <Base.Track className="h-2 overflow-hidden rounded-full border border-control/60 bg-sunken">
        <Base.Indicator className={cn('h-full', fill[tone])} />
      </Base.Track>
    </Base.Root>
  );
}

const fill = {
  active: 'bg-active-solid',
  ok: 'bg-ok-solid',
  warn: 'bg-warn-solid',
  bad: 'bg-bad-solid',
  back: 'bg-back-solid',
  idle: 'bg-idle-solid',
} as const;
