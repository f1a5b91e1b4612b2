'use client';

import { Tooltip as Base } from '@base-ui/react/tooltip';

export const TooltipProvider = Base.Provider;

/**
 * A sentence beside something, on hover and on keyboard focus. `children` is the element that triggers it, and has to
 * be focusable, else keyboard users never see it.
 */
export function Tooltip({
  content,
  children,
  side = 'top',
}: {
  content: React.ReactNode;
  children: React.ReactElement;
  side?: 'top' | 'bottom' | 'left' | 'right';
}) {
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal>
        <Base.Positioner side={side} sideOffset={6} className="z-50">
          <Base.Popup className="max-w-80 rounded-menu border border-border bg-surface px-2 py-1.5 text-caption text-text shadow-float">
            {content}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
