import { cn } from '../cn';

/** A region that scrolls by itself: native scrolling, thin bars. */
export function ScrollArea({
  label,
  className,
  ...props
}: Omit<React.ComponentProps<'section'>, 'tabIndex'> & { label: string }) {
  return (
    <section
      {...props}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard (WCAG 2.1.1).
      tabIndex={0}
      className={cn('scroll-thin overflow-auto', className)}
    />
  );
}
