'use client';

import { Switch as Base } from '@base-ui/react/switch';
import { useId } from 'react';
import { cn } from '../cn';

/** On or off, at once. The word beside it says what is on. */
export function Switch({
  label,
  className,
  ...props
}: Omit<React.ComponentProps<typeof Base.Root>, 'className'> & { label: React.ReactNode; className?: string }) {
  const id = useId();
  return (
    <div className={cn('flex min-h-6 items-center gap-2', className)}>
      <Base.Root
        {...props}
        id={id}
        aria-labelledby={`${id}-label`}
        className="flex h-6 w-10 shrink-0 items-center rounded-full border border-control bg-sunken px-1 transition-colors duration-100 data-checked:border-accent data-checked:bg-accent data-disabled:opacity-60"
      >
        <Base.Thumb className="size-4 rounded-full bg-text-2 transition-transform duration-100 data-checked:translate-x-3.5 data-checked:bg-on-accent" />
      </Base.Root>
      <label id={`${id}-label`} htmlFor={id} className="text-data">
        {label}
      </label>
    </div>
  );
}
