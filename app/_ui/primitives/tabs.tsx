'use client';

import { Tabs as Base } from '@base-ui/react/tabs';
import { cn } from '../cn';

export const Tabs = Base.Root;

export function TabsList({
  className,
  ...props
}: Omit<React.ComponentProps<typeof Base.List>, 'className'> & { className?: string }) {
  return (
    <Base.List {...props} className={cn('scroll-thin flex gap-1 overflow-x-auto border-border border-b', className)} />
  );
}

export const tabClass =
  '-mb-px inline-flex h-9 shrink-0 items-center gap-1.5 border-transparent border-b-2 px-2.5 font-medium text-data text-text-2 hover:text-text focus-visible:-outline-offset-2';

export function Tab({
  className,
  ...props
}: Omit<React.ComponentProps<typeof Base.Tab>, 'className'> & { className?: string }) {
  return <Base.Tab {...props} className={cn(tabClass, 'data-active:border-accent data-active:text-text', className)} />;
}

export function TabPanel({
  className,
  ...props
}: Omit<React.ComponentProps<typeof Base.Panel>, 'className'> & { className?: string }) {
  return <Base.Panel {...props} className={cn('pt-4', className)} />;
}
