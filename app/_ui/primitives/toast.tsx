'use client';

import { Toast as Base } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import { buttonClass } from './button-class';

const manager = Base.createToastManager();

/** Says what the screen cannot show (such as "Copied"). A failure stays where it happened and is no toast. */
export const toast = (title: string, description?: string): void => {
  manager.add({ title, description, timeout: 5_000 });
};

/** A refusal whose place on the screen has gone, such as a move that somebody else made first. */
export const toastUntilDismissed = (title: string, description: string): void => {
  manager.add({ title, description, timeout: 0, priority: 'high' });
};

/** Holds the toasts; stands once, in the providers. */
export function Toaster() {
  return (
    <Base.Provider toastManager={manager} limit={3}>
      <Base.Portal>
        <Base.Viewport className="fixed right-4 bottom-4 z-50 flex w-80 max-w-[calc(100vw-2rem)] flex-col gap-2">
          <ToastList />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function ToastList() {
  const { toasts } = Base.useToastManager();
  return toasts.map((one) => (
    <Base.Root
      key={one.id}
      toast={one}
      className="rounded-menu border border-border bg-surface p-3 text-text shadow-float"
    >
      <Base.Content className="flex items-start justify-between gap-2">
        <div className="min-w-0">
          <Base.Title className="font-medium text-data" />
          <Base.Description className="text-caption text-text-2" />
        </div>
        <Base.Close aria-label="Dismiss" className={buttonClass({ variant: 'ghost', size: 'icon-sm' })}>
          <X aria-hidden />
        </Base.Close>
      </Base.Content>
    </Base.Root>
  ));
}
