import { cn } from '../cn';

/** The shape of content that has never been seen yet; old truth is never replaced by it. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn('animate-pulse rounded-control bg-sunken', className)} />;
}
