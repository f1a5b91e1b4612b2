'use client';

import { ChevronRight } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { createContext, useContext, useEffect, useMemo, useState } from 'react';
import { routes } from '../../_routes/routes';

export interface Crumb {
  label: string;
  href?: string;
}

const Context = createContext<{ crumbs: readonly Crumb[] | null; set: (crumbs: readonly Crumb[] | null) => void }>({
  crumbs: null,
  set: () => {},
});

export function BreadcrumbProvider({ children }: { children: React.ReactNode }) {
  const [crumbs, set] = useState<readonly Crumb[] | null>(null);
  const value = useMemo(() => ({ crumbs, set }), [crumbs]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

/** A page names its way here, with names where the address has ids. Renders nothing itself. */
export function Breadcrumbs({ crumbs }: { crumbs: readonly Crumb[] }) {
  const { set } = useContext(Context);
  const key = JSON.stringify(crumbs);
  useEffect(() => {
    set(JSON.parse(key) as Crumb[]);
    return () => set(null);
  }, [key, set]);
  return null;
}

const NAMES: Record<string, string> = {
  plans: 'Plans',
  new: 'New',
  connections: 'Connections',
  gateways: 'Gateways',
  activity: 'Activity',
  settings: 'Settings',
  people: 'People',
  help: 'Help',
  errors: 'Errors',
};

/** Said by the address, for pages that name nothing: words only, ids left out. */
function fromPath(path: string): Crumb[] {
  const parts = path.split('/').filter(Boolean);
  if (parts.length === 0) return [{ label: 'Fleet' }];
  return parts.flatMap((part, index) => {
    const label = NAMES[part];
    return label
      ? [
          {
            label,
            href: index < parts.length - 1 && part !== 'errors' ? `/${parts.slice(0, index + 1).join('/')}` : undefined,
          },
        ]
      : [];
  });
}

/** The way to this page, in the top bar. */
export function BreadcrumbTrail() {
  const { crumbs } = useContext(Context);
  const path = usePathname();
  const way = crumbs ?? fromPath(path);
  return (
    <nav aria-label="Breadcrumb" className="min-w-0 flex-1">
      <ol className="flex min-w-0 items-center gap-1 text-data">
        {way.map((crumb, index) => {
          const isLast = index === way.length - 1;
          return (
            <li
              key={`${crumb.label} ${crumb.href ?? ''}`}
              className={isLast ? 'min-w-0 truncate' : 'hidden shrink-0 items-center gap-1 sm:flex'}
            >
              {crumb.href && !isLast ? (
                <Link
                  href={crumb.href}
                  className="inline-flex min-h-6 items-center rounded-control text-text-2 hover:text-text hover:underline"
                >
                  {crumb.label}
                </Link>
              ) : (
                <span aria-current={isLast ? 'page' : undefined} className={isLast ? 'font-medium' : 'text-text-2'}>
                  {crumb.label}
                </span>
              )}
              {isLast ? null : <ChevronRight aria-hidden className="size-3.5 text-muted" />}
            </li>
          );
        })}
        {way.length === 0 ? (
          <li>
            <Link href={routes.fleet()}>Fleet</Link>
          </li>
        ) : null}
      </ol>
    </nav>
  );
}
