'use client';

import { Menu as Base } from '@base-ui/react/menu';
import { Check } from 'lucide-react';
import { cn } from '../cn';

export const popupClass =
  'rounded-menu border border-border bg-surface p-1 text-text shadow-float outline-none transition-opacity duration-100 data-ending-style:opacity-0 data-starting-style:opacity-0';
export const itemClass =
  'relative flex min-h-7 cursor-default select-none items-center gap-2 rounded-control px-2 py-1 text-data outline-none data-highlighted:bg-sunken data-highlighted:outline-2 data-highlighted:outline-ring data-highlighted:-outline-offset-2 data-disabled:text-muted [&_svg]:size-3.5 [&_svg]:shrink-0';

export const Menu = Base.Root;
export const MenuTrigger = Base.Trigger;
export const MenuGroup = Base.Group;
export const MenuRadioGroup = Base.RadioGroup;

export function MenuContent({
  children,
  className,
  align = 'end',
  side = 'bottom',
}: {
  children: React.ReactNode;
  className?: string;
  align?: 'start' | 'center' | 'end';
  side?: 'top' | 'bottom' | 'left' | 'right';
}) {
  return (
    <Base.Portal>
      <Base.Positioner align={align} side={side} sideOffset={4} className="z-50">
        <Base.Popup className={cn(popupClass, 'min-w-44', className)}>{children}</Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  );
}

export function MenuItem({
  className,
  ...props
}: Omit<React.ComponentProps<typeof Base.Item>, 'className'> & { className?: string }) {
  return <Base.Item {...props} className={cn(itemClass, className)} />;
}

/** An item that goes somewhere; give the link itself as `render`. */
export function MenuLink({
  className,
  ...props
}: Omit<React.ComponentProps<typeof Base.LinkItem>, 'className'> & { className?: string }) {
  return <Base.LinkItem closeOnClick {...props} className={cn(itemClass, className)} />;
}

export function MenuRadioItem({
  className,
  children,
  ...props
}: Omit<React.ComponentProps<typeof Base.RadioItem>, 'className'> & { className?: string }) {
  return (
    <Base.RadioItem {...props} className={cn(itemClass, 'pr-8', className)}>
      {children}
      <Base.RadioItemIndicator className="absolute right-2">
        <Check />
      </Base.RadioItemIndicator>
    </Base.RadioItem>
  );
}

export function MenuLabel({ children }: { children: React.ReactNode }) {
  return <Base.GroupLabel className="px-2 py-1 font-medium text-caption text-muted">{children}</Base.GroupLabel>;
}

export function MenuSeparator() {
  return <Base.Separator className="my-1 h-px bg-border" />;
}
