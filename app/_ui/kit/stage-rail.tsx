import { ArrowRight, Check, Contrast, Undo2 } from 'lucide-react';
import { cn } from '../cn';

export interface RailStep {
  key: string;
  label: string;
  state: 'done' | 'now' | 'next' | 'later';
  /** One line under the label: "3 of 5 gates met", "since 12 min". */
  note?: React.ReactNode;
  /** Drawn before this step: what lies behind it has no lossless way back. */
  isPointOfNoReturn?: boolean;
  /** The table is leaving this step backwards. */
  isGoingBack?: boolean;
}

const WORD = { done: 'done', now: 'current stage', next: 'next', later: 'later' } as const;

/** The stages of a strategy in their order: across from 900 px, downwards below. */
export function StageRail({
  steps,
  label = 'Stages',
  className,
}: {
  steps: readonly RailStep[];
  label?: string;
  className?: string;
}) {
  return (
    <ol aria-label={label} className={cn('flex flex-col rail:flex-row rail:pt-5', className)}>
      {steps.map((step, index) => (
        <li
          key={step.key}
          aria-current={step.state === 'now' ? 'step' : undefined}
          className="relative flex min-w-0 rail:flex-1 gap-3 rail:flex-col rail:gap-0"
        >
          {step.isPointOfNoReturn ? <PointOfNoReturn /> : null}
          <div className="flex rail:flex-row flex-col items-center self-stretch rail:self-auto">
            <Mark step={step} />
            {index < steps.length - 1 ? (
              <span
                aria-hidden
                className={cn(
                  'min-h-3 w-0.5 flex-1 rail:h-0.5 rail:min-h-0 rail:w-full',
                  step.state === 'done' ? 'bg-ok-solid' : 'bg-control/50',
                )}
              />
            ) : null}
          </div>
          <div className={cn('min-w-0 rail:pt-2 rail:pr-3 pb-3 rail:pb-0', step.isPointOfNoReturn && 'pt-5 rail:pt-2')}>
            <div
              className={cn('text-data', step.state === 'now' ? 'font-semibold text-text' : 'font-medium text-text-2')}
            >
              {step.label}
              <span className="sr-only">, {step.isGoingBack ? 'going back' : WORD[step.state]}</span>
            </div>
            {step.note ? <div className="text-caption text-muted">{step.note}</div> : null}
          </div>
        </li>
      ))}
    </ol>
  );
}

function Mark({ step }: { step: RailStep }) {
  const box = 'grid size-6 shrink-0 place-items-center rounded-full border-2';
  if (step.isGoingBack)
    return (
      <span
        aria-hidden
        className={cn(box, 'border-back-solid bg-back-tint text-back-fg', step.isPointOfNoReturn && 'mt-4 rail:mt-0')}
      >
        <Undo2 className="size-3.5" />
      </span>
    );
  const look = {
    done: 'border-ok-solid bg-ok-tint text-ok-fg',
    now: 'border-accent bg-accent text-on-accent',
    next: 'border-control bg-surface text-text-2',
    later: 'border-dashed border-control bg-surface text-muted',
  }[step.state];
  return (
    <span aria-hidden className={cn(box, look, step.isPointOfNoReturn && 'mt-4 rail:mt-0')}>
      {step.state === 'done' ? <Check className="size-3.5" /> : null}
      {step.state === 'now' ? <Contrast className="size-3.5" /> : null}
      {step.state === 'next' ? <ArrowRight className="size-3.5" /> : null}
    </span>
  );
}

/** A drawn line with its words, across the rail before the step that cannot be undone. */
function PointOfNoReturn() {
  return (
    <span className="absolute top-0 rail:-top-5 rail:-bottom-1 left-0 rail:-left-2 w-full rail:w-auto border-bad-solid border-t-2 border-dashed rail:border-t-0 rail:border-l-2">
      <span className="block whitespace-nowrap pl-9 rail:pl-1.5 font-medium text-[0.6875rem] text-bad-fg leading-4">
        No way back after this
      </span>
    </span>
  );
}
