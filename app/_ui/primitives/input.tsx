'use client';

import { Input as Base } from '@base-ui/react/input';
import { cn } from '../cn';

export const controlClass =
  'w-full min-w-0 rounded-control border border-control bg-surface px-2.5 text-data text-text transition-colors duration-100 disabled:cursor-not-allowed disabled:border-border disabled:bg-sunken disabled:text-muted data-invalid:border-bad-solid aria-invalid:border-bad-solid';

export function Input({
  className,
  ...props
}: Omit<React.ComponentProps<typeof Base>, 'className'> & { className?: string }) {
  return <Base {...props} className={cn(controlClass, 'h-8', className)} />;
}

export function Textarea({ className, ...props }: React.ComponentProps<'textarea'>) {
  return <textarea rows={3} {...props} className={cn(controlClass, 'min-h-16 py-1.5', className)} />;
}
