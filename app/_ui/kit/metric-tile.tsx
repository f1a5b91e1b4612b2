import { cn } from '../cn';
import { TONE_CLASS, type Tone } from '../tone';
import { iconOf } from './icons';
import { TimeAgo } from './time-ago';

/** One number that matters: value, unit, age and limit, always all four where they exist. */
export function MetricTile({
  label,
  value,
  unit,
  limit,
  at,
  tone = 'idle',
  note,
  isStale = false,
  className,
}: {
  label: string;
  value: React.ReactNode;
  unit?: string;
  /** The limit in words: "limit 2 s". */
  limit?: string;
  at?: string | number | Date | null;
  tone?: Tone;
  note?: React.ReactNode;
  isStale?: boolean;
  className?: string;
}) {
  const Icon = iconOf(undefined, tone);
  return (
    <div className={cn('min-w-0 rounded-card border border-border bg-surface p-3', className)}>
      <div className="flex items-center justify-between gap-2 text-caption">
        <span className="truncate font-medium text-text-2">{label}</span>
        {tone === 'idle' ? null : (
          <span className={cn('grid size-5 shrink-0 place-items-center rounded-control', TONE_CLASS[tone].badge)}>
            <Icon aria-hidden className="size-3" />
            <span className="sr-only">{TONE_WORD[tone]}</span>
          </span>
        )}
      </div>
      <div className={cn('mt-1 font-medium text-metric', isStale && 'stale')}>
        {value}
        {unit ? <span className="ml-1 font-normal text-muted text-prose">{unit}</span> : null}
      </div>
      <div className="mt-0.5 flex flex-wrap gap-x-2 text-caption text-muted">
        {limit ? <span>{limit}</span> : null}
        {at !== undefined ? (
          <span>
            {isStale ? 'stale, ' : ''}
            <TimeAgo at={at} never="not measured yet" />
          </span>
        ) : null}
        {note ? <span>{note}</span> : null}
      </div>
    </div>
  );
}

const TONE_WORD: Record<Tone, string> = {
  idle: 'not started',
  active: 'working',
  ok: 'within its limit',
  warn: 'near its limit',
  bad: 'limit broken',
  back: 'going back',
};
