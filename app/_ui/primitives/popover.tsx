'use client';

import { Popover as Base } from '@base-ui/react/popover';
import { cn } from '../cn';
import { popupClass } from './menu';

export const Popover = Base.Root;
export const PopoverTrigger = Base.Trigger;
export const PopoverClose = Base.Close;
export const PopoverTitle = Base.Title;

export function PopoverContent({
  children,
  className,
  align = 'start',
}: {
  children: React.ReactNode;
  className?: string;
  align?: 'start' | 'center' | 'end';
}) {
  return (
    <Base.Portal>
      <Base.Positioner align={align} sideOffset={6} className="z-50">
        <Base.Popup className={cn(popupClass, 'w-80 max-w-[calc(100vw-2rem)] p-3', className)}>{children}</Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  );
}
