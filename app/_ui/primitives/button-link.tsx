import Link from 'next/link';
import { type ButtonLook, buttonClass } from './button-class';

/** A link that looks like a button. It goes somewhere; what changes something is a `Button`. */
export function ButtonLink({
  variant,
  size,
  className,
  ...props
}: React.ComponentProps<typeof Link> & ButtonLook & { className?: string }) {
  return <Link {...props} className={buttonClass({ variant, size, className })} />;
}
