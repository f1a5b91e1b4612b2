'use client';

import { Button as Base } from '@base-ui/react/button';
import { type ButtonLook, buttonClass } from './button-class';

/** A button; `isPending` keeps it focusable and says "busy", and pressing it again does nothing. */
export function Button({
  variant,
  size,
  className,
  isPending = false,
  disabled,
  ...props
}: Omit<React.ComponentProps<typeof Base>, 'className'> & ButtonLook & { className?: string; isPending?: boolean }) {
  return (
    <Base
      type="button"
      {...props}
      disabled={disabled || isPending}
      focusableWhenDisabled={isPending || props.focusableWhenDisabled}
      aria-busy={isPending || undefined}
      className={buttonClass({ variant, size, className })}
    />
  );
}
