'use client';

import { Dialog as Base } from '@base-ui/react/dialog';
import {
  Activity,
  CircleHelp,
  type LucideIcon,
  Map as MapIcon,
  Menu as MenuIcon,
  Network,
  Plug,
  Settings,
  Table2,
  X,
} from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useEffect, useState } from 'react';
import { routes } from '../../_routes/routes';
import { cn } from '../cn';
import { Brand } from '../kit/brand';
import { buttonClass } from '../primitives/button-class';

const PLACES: readonly { href: string; label: string; Icon: LucideIcon }[] = [
  { href: routes.fleet(), label: 'Fleet', Icon: Table2 },
  { href: routes.plans(), label: 'Plans', Icon: MapIcon },
  { href: routes.connections(), label: 'Connections', Icon: Plug },
  { href: routes.gateways(), label: 'Gateways', Icon: Network },
  { href: routes.activity(), label: 'Activity', Icon: Activity },
  { href: routes.settings(), label: 'Settings', Icon: Settings },
  { href: routes.help(), label: 'Help', Icon: CircleHelp },
];

const isWithin = (path: string, href: string): boolean =>
  href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`);

function Places({ onGo }: { onGo?: () => void }) {
  const path = usePathname();
  return (
    <nav aria-label="Console">
      <ul className="flex flex-col gap-0.5">
        {PLACES.map(({ href, label, Icon }) => {
          const isHere = isWithin(path, href);
          return (
            <li key={href}>
              <Link
                href={href}
                onClick={onGo}
                aria-current={path === href ? 'page' : isHere ? 'true' : undefined}
                className={cn(
                  'flex h-8 items-center gap-2.5 rounded-control px-2 font-medium text-data',
                  isHere ? 'bg-sunken text-text' : 'text-text-2 hover:bg-sunken hover:text-text',
                )}
              >
                <Icon aria-hidden className={cn('size-4', isHere ? 'text-accent' : 'text-muted')} />
                {label}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

/** The column at the side, from 1024 px. */
export function Sidebar() {
  return (
    <aside
      data-chrome
      className="sticky top-0 hidden h-dvh w-[232px] shrink-0 flex-col gap-4 overflow-y-auto border-border border-r bg-surface px-3 py-3 lg:flex"
    >
      <Link href={routes.fleet()} className="flex h-8 items-center rounded-control px-2">
        <Brand />
      </Link>
      <Places />
    </aside>
  );
}

/** The same places behind a button, below 1024 px. */
export function NavigationDrawer() {
  const [isOpen, setIsOpen] = useState(false);
  const path = usePathname();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu, however it was reached.
  useEffect(() => setIsOpen(false), [path]);
  return (
    <Base.Root open={isOpen} onOpenChange={setIsOpen}>
      <Base.Trigger
        aria-label="Open the menu"
        className={buttonClass({ variant: 'ghost', size: 'icon', className: 'lg:hidden' })}
      >
        <MenuIcon aria-hidden />
      </Base.Trigger>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-scrim" />
        <Base.Popup className="fixed inset-y-0 left-0 z-50 flex w-64 max-w-[85vw] flex-col gap-4 overflow-y-auto border-border border-r bg-surface px-3 py-3 shadow-float outline-none">
          <div className="flex items-center justify-between pl-2">
            <Base.Title render={<div />}>
              <Brand />
            </Base.Title>
            <Base.Close aria-label="Close the menu" className={buttonClass({ variant: 'ghost', size: 'icon' })}>
              <X aria-hidden />
            </Base.Close>
          </div>
          <Places onGo={() => setIsOpen(false)} />
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
