import { cn } from '../cn';

/** The mark: a table coming down on its new ground. */
export function Brand({ className }: { className?: string }) {
  return (
    <span className={cn('inline-flex items-center gap-2 font-semibold text-section', className)}>
      <svg aria-hidden width="20" height="20" viewBox="0 0 20 20" className="shrink-0">
        <rect x="1" y="1" width="18" height="18" rx="4" className="fill-accent" />
        <path
          d="M10 4v7m-3.500-3L10 11.500 13.500 8M5 15h10"
          className="stroke-on-accent"
          fill="none"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      Landfall
    </span>
  );
}
