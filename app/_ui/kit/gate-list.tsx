import { Check, X } from 'lucide-react';
import Link from 'next/link';
import { cn } from '../cn';

export interface GateLine {
  gate: string;
  met: boolean;
  sentence: string;
  observed: string;
  limit: string;
  /** Where the cause can be seen. */
  href?: string;
  age?: React.ReactNode;
}

/** Conditions of a move: unmet ones first, each with what was observed, its limit and the way to its cause. */
export function GateList({
  gates,
  label = 'Gates',
  className,
}: {
  gates: readonly GateLine[];
  label?: string;
  className?: string;
}) {
  const ordered = [...gates].sort((a, b) => Number(a.met) - Number(b.met));
  return (
    <ul aria-label={label} className={cn('flex flex-col', className)}>
      {ordered.map((gate) => (
        <li key={gate.gate} className="flex items-start gap-2 border-border border-b py-2 last:border-b-0">
          <span
            className={cn(
              'mt-px grid size-5 shrink-0 place-items-center rounded-control',
              gate.met ? 'bg-ok-tint text-ok-fg' : 'bg-bad-tint text-bad-fg',
            )}
          >
            {gate.met ? <Check aria-hidden className="size-3.5" /> : <X aria-hidden className="size-3.5" />}
            <span className="sr-only">{gate.met ? 'Met:' : 'Not met:'}</span>
          </span>
          <div className="min-w-0 flex-1">
            <p className={cn('text-data', !gate.met && 'font-medium')}>{gate.sentence}</p>
            <p className="text-caption text-muted">
              observed <span className="text-text-2">{gate.observed}</span> · limit{' '}
              <span className="text-text-2">{gate.limit}</span>
              {gate.age ? <> · {gate.age}</> : null}
            </p>
          </div>
          {gate.href ? (
            <Link
              href={gate.href}
              aria-label={`See the cause: ${gate.sentence}`}
              className="inline-flex min-h-6 min-w-6 shrink-0 items-center justify-end text-accent text-data underline-offset-2 hover:underline"
            >
              See
            </Link>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
