'use client';

import { AlertDialog as BaseAlert } from '@base-ui/react/alert-dialog';
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { cn } from '../cn';
import { buttonClass } from './button-class';

const backdrop =
  'fixed inset-0 z-40 bg-scrim transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0';
const popup =
  'fixed top-1/2 left-1/2 z-50 flex max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-card border border-border bg-surface text-text shadow-float outline-none transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0';
const widths = { sm: 'max-w-md', md: 'max-w-xl', lg: 'max-w-3xl' } as const;

export const Dialog = Base.Root;
export const DialogTrigger = Base.Trigger;
export const DialogClose = Base.Close;

interface ContentProps {
  title: React.ReactNode;
  description?: React.ReactNode;
  children: React.ReactNode;
  /** The row of buttons; stays in sight while the body scrolls. */
  footer?: React.ReactNode;
  width?: keyof typeof widths;
  className?: string;
  initialFocus?: React.RefObject<HTMLElement | null>;
}

/** The window of a dialog: title, scrolling body, footer. Escape and the cross close it. */
export function DialogContent({
  title,
  description,
  children,
  footer,
  width = 'md',
  className,
  initialFocus,
}: ContentProps) {
  return (
    <Base.Portal>
      <Base.Backdrop className={backdrop} />
      <Base.Popup initialFocus={initialFocus} className={cn(popup, widths[width], className)}>
        <header className="flex items-start justify-between gap-4 border-border border-b px-4 py-3">
          <div className="min-w-0">
            <Base.Title className="font-semibold text-section">{title}</Base.Title>
            {description ? (
              <Base.Description className="mt-0.5 text-prose text-text-2">{description}</Base.Description>
            ) : null}
          </div>
          <Base.Close aria-label="Close" className={buttonClass({ variant: 'ghost', size: 'icon-sm' })}>
            <X aria-hidden />
          </Base.Close>
        </header>
        <div className="scroll-thin min-h-0 flex-1 overflow-y-auto px-4 py-4 text-prose">{children}</div>
        {footer ? (
          <footer className="flex flex-wrap justify-end gap-2 border-border border-t px-4 py-3">{footer}</footer>
        ) : null}
      </Base.Popup>
    </Base.Portal>
  );
}

export const AlertDialog = BaseAlert.Root;
export const AlertDialogTrigger = BaseAlert.Trigger;
export const AlertDialogClose = BaseAlert.Close;

/** A question that must be answered: a click outside does not close it. */
export function AlertDialogContent({
  title,
  description,
  children,
  footer,
  width = 'sm',
  className,
  initialFocus,
}: Omit<ContentProps, 'children'> & { children?: React.ReactNode }) {
  return (
    <BaseAlert.Portal>
      <BaseAlert.Backdrop className={backdrop} />
      <BaseAlert.Popup initialFocus={initialFocus} className={cn(popup, widths[width], className)}>
        <div className="scroll-thin min-h-0 flex-1 overflow-y-auto p-4 text-prose">
          <BaseAlert.Title className="font-semibold text-section">{title}</BaseAlert.Title>
          {description ? (
            <BaseAlert.Description className="mt-1 text-text-2">{description}</BaseAlert.Description>
          ) : null}
          {children ? <div className="mt-3">{children}</div> : null}
        </div>
        {footer ? (
          <footer className="flex flex-wrap justify-end gap-2 border-border border-t px-4 py-3">{footer}</footer>
        ) : null}
      </BaseAlert.Popup>
    </BaseAlert.Portal>
  );
}
