'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { cn } from '../cn';
import { tabClass } from '../primitives/tabs';

/** Pages of one thing side by side. Links and not tabs, because each has its own address. */
export function TabLinks({
  label,
  links,
  className,
}: {
  label: string;
  links: readonly { href: string; label: string; note?: React.ReactNode }[];
  className?: string;
}) {
  const path = usePathname();
  return (
    <nav
      aria-label={label}
      className={cn('scroll-thin relative flex gap-1 overflow-x-auto border-border border-b', className)}
    >
      {links.map((link) => {
        const isHere = path === link.href;
        return (
          <Link
            key={link.href}
            href={link.href}
            aria-current={isHere ? 'page' : undefined}
            className={cn(tabClass, isHere && 'border-accent text-text')}
          >
            {link.label}
            {link.note}
          </Link>
        );
      })}
    </nav>
  );
}
