'use client';

import { cn } from '../cn';
import { Tooltip } from '../primitives/tooltip';
import { TONE_CLASS, type Tone } from '../tone';
import { iconOf } from './icons';

/** What `display` of the domain says of a thing; the badge shows it and decides nothing. */
export interface DisplayData {
  label: string;
  tone: Tone;
  icon: string;
  /** Appended parts, such as a hold with its numbers: `Held: lag 4.2 s`. */
  segments?: readonly (string | { label: string; tone?: Tone; icon?: string })[];
  /** One sentence that explains the state. */
  says?: string;
}

/** State of a thing: icon shape, word, tint; its sentence in the tooltip and in the description. */
export function StatusBadge({ display, className }: { display: DisplayData; className?: string }) {
  const Icon = iconOf(display.icon, display.tone);
  const badge = (
    <span
      className={cn(
        'inline-flex min-h-5 max-w-full items-stretch overflow-hidden rounded-control font-medium text-caption',
        TONE_CLASS[display.tone].badge,
        className,
      )}
    >
      <span className="inline-flex items-center gap-1 px-1.5 py-0.5">
        <Icon aria-hidden className="size-3 shrink-0" />
        {display.label}
      </span>
      {display.segments?.map((part) => {
        const segment = typeof part === 'string' ? { label: part } : part;
        const tone = segment.tone ?? display.tone;
        const SegmentIcon = segment.icon ? iconOf(segment.icon, tone) : null;
        return (
          <span
            key={segment.label}
            className={cn(
              'inline-flex items-center gap-1 border-surface border-l px-1.5 py-0.5',
              TONE_CLASS[tone].badge,
            )}
          >
            {SegmentIcon ? <SegmentIcon aria-hidden className="size-3 shrink-0" /> : null}
            <span className="sr-only">, </span>
            {segment.label}
          </span>
        );
      })}
    </span>
  );
  if (!display.says) return badge;
  return (
    <Tooltip content={display.says}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the sentence must be reachable by keyboard too. */}
      <span tabIndex={0} role="note" aria-description={display.says} className="inline-flex max-w-full rounded-control">
        {badge}
      </span>
    </Tooltip>
  );
}
