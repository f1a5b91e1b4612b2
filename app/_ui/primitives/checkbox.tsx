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
        className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-[3px] border border-control bg-surface data-checked:border-accent data-indeterminate:border-accent data-checked:bg-accent data-indeterminate:bg-accent data-disabled:border-border data-disabled:bg-sunken"
      >
        <Base.Indicator className="text-on-accent">
          {props.indeterminate ? <Minus className="size-3" /> : <Check className="size-3" strokeWidth={3} />}
        </Base.Indicator>
      </Base.Root>
      <label htmlFor={id} className="min-h-6 min-w-0 text-data">
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
            value={choice.value}
            disabled={choice.isDisabled}
            className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-full border border-control bg-surface data-checked:border-accent"
          >
            <BaseRadio.Indicator className="size-2 rounded-full bg-accent" />
          </BaseRadio.Root>
          <span className="min-w-0">
            <span className="font-medium">{choice.label}</span>
            {choice.hint ? <span className="mt-0.5 block text-text-2">{choice.hint}</span> : null}
          </span>
        </label>
      ))}
    </BaseGroup>
  );
}
