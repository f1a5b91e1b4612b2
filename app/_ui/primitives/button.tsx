'use client';

import { Button as Base } from '@base-ui/react/button';
import { type ButtonLook, buttonClass } from './button-class';
import { useHydrated } from './use-hydrated';

/**
 * A button; `isPending` keeps it focusable and says "busy", and pressing it again does nothing. Until React listens it
 * takes no press: one would be lost without a word, and Enter in a form would send its fields in the address.
 */
export function Button({
  variant,
  size,
  className,
  isPending = false,
  disabled,
  render,
  ...props
}: Omit<React.ComponentProps<typeof Base>, 'className'> & ButtonLook & { className?: string; isPending?: boolean }) {
  const isHydrated = useHydrated();
  // Not `disabled` of Base: a page of grey buttons that turn blue in a moment would flicker.
  const unheard = <button type={props.type ?? 'button'} disabled />;
  return (
    <Base
      type="button"
      {...props}
      render={render ?? (isHydrated ? undefined : unheard)}
      disabled={disabled || isPending}
      focusableWhenDisabled={isPending || props.focusableWhenDisabled}
      aria-busy={isPending || undefined}
      className={buttonClass({ variant, size, className })}
    />
  );
}
