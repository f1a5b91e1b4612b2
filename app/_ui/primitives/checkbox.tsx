'use client';

import { Checkbox as Base } from '@base-ui/react/checkbox';
import { Radio as BaseRadio } from '@base-ui/react/radio';
import { RadioGroup as BaseGroup } from '@base-ui/react/radio-group';
import { Check, Minus } from 'lucide-react';
import { useId } from 'react';
import { cn } from '../cn';

/** A checkbox with its sentence; the whole line is the target. */
export function Checkbox({
  label,
  hint,
  className,
  ...props
}: Omit<React.ComponentProps<typeof Base.Root>, 'className'> & {
  label: React.ReactNode;
  hint?: React.ReactNode;
  className?: string;
}) {
  const id = useId();
  return (
    <div className={cn('flex items-start gap-2', className)}>
      <Base.Root
        {...props}
        id={id}
        aria-labelledby={`${id}-label`}
        // The box is 16 px and the target 24 (WCAG 2.5.8).
        className="group -m-1 grid size-6 shrink-0 place-items-center rounded-control"
      >
        <span className="grid size-4 place-items-center rounded-[3px] border border-control bg-surface group-data-checked:border-accent group-data-indeterminate:border-accent group-data-checked:bg-accent group-data-indeterminate:bg-accent group-data-disabled:border-border group-data-disabled:bg-sunken">
          <Base.Indicator className="text-on-accent">
            {props.indeterminate ? <Minus className="size-3" /> : <Check className="size-3" strokeWidth={3} />}
          </Base.Indicator>
        </span>
      </Base.Root>
      <label id={`${id}-label`} htmlFor={id} className="min-h-6 min-w-0 text-data">
        {label}
        {hint ? <span className="block text-caption text-muted">{hint}</span> : null}
      </label>
    </div>
  );
}

export interface RadioChoice {
  value: string;
  label: React.ReactNode;
  hint?: React.ReactNode;
  isDisabled?: boolean;
}

/** One of a few, each with room for a sentence. */
export function RadioGroup({
  choices,
  className,
  ...props
}: Omit<React.ComponentProps<typeof BaseGroup>, 'className' | 'children'> & {
  choices: readonly RadioChoice[];
  className?: string;
}) {
  const id = useId();
  return (
    <BaseGroup {...props} className={cn('flex flex-col gap-2', className)}>
      {choices.map((choice) => (
        <label
          key={choice.value}
          htmlFor={`${id}-${choice.value}`}
          className="flex items-start gap-2 rounded-card border border-border bg-surface p-3 text-data has-data-checked:border-accent"
        >
          <BaseRadio.Root
            id={`${id}-${choice.value}`}
            aria-labelledby={`${id}-${choice.value}-label`}
            value={choice.value}
            disabled={choice.isDisabled}
            className="group -m-1 grid size-6 shrink-0 place-items-center rounded-full"
          >
            <span className="grid size-4 place-items-center rounded-full border border-control bg-surface group-data-checked:border-accent">
              <BaseRadio.Indicator className="size-2 rounded-full bg-accent" />
            </span>
          </BaseRadio.Root>
          <span className="min-w-0">
            <span id={`${id}-${choice.value}-label`} className="font-medium">
              {choice.label}
            </span>
            {choice.hint ? <span className="mt-0.5 block text-text-2">{choice.hint}</span> : null}
          </span>
        </label>
      ))}
    </BaseGroup>
  );
}
