'use client';

import { Select as Base } from '@base-ui/react/select';
import { Check, ChevronsUpDown } from 'lucide-react';
import { cn } from '../cn';
import { controlClass } from './input';
import { itemClass, popupClass } from './menu';

export interface Choice<V extends string = string> {
  value: V;
  label: string;
  hint?: string;
  isDisabled?: boolean;
}

/** One of a short list. With `name` it takes part in a form like a native select. */
export function Select<V extends string = string>({
  choices,
  placeholder = 'Choose…',
  className,
  size = 'md',
  'aria-label': ariaLabel,
  id,
  ...root
}: {
  choices: readonly Choice<V>[];
  placeholder?: string;
  className?: string;
  size?: 'sm' | 'md';
  'aria-label'?: string;
  id?: string;
  name?: string;
  value?: V | null;
  defaultValue?: V | null;
  onValueChange?: (value: V | null) => void;
  disabled?: boolean;
  required?: boolean;
}) {
  return (
    <Base.Root<V> items={choices.map(({ value, label }) => ({ value, label }))} {...root}>
      <Base.Trigger
        id={id}
        aria-label={ariaLabel}
        className={cn(
          controlClass,
          'inline-flex items-center justify-between gap-2',
          size === 'sm' ? 'h-7' : 'h-8',
          className,
        )}
      >
        <Base.Value className="truncate data-placeholder:text-muted">
          {(value: V | null) => choices.find((choice) => choice.value === value)?.label ?? placeholder}
        </Base.Value>
        <Base.Icon className="text-muted">
          <ChevronsUpDown className="size-3.5" />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50">
          <Base.Popup className={cn(popupClass, 'max-h-80 min-w-(--anchor-width) overflow-y-auto')}>
            {choices.map((choice) => (
              <Base.Item
                key={choice.value}
                value={choice.value}
                disabled={choice.isDisabled}
                className={cn(itemClass, 'pr-8')}
              >
                <span className="min-w-0">
                  <Base.ItemText className="block">{choice.label}</Base.ItemText>
                  {choice.hint ? <span className="block text-caption text-muted">{choice.hint}</span> : null}
                </span>
                <Base.ItemIndicator className="absolute right-2">
                  <Check className="size-3.5" />
                </Base.ItemIndicator>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
