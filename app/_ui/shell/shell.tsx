'use client';

import { LiveProvider, useLiveSource } from '../../_data/live';
import { BreadcrumbProvider, BreadcrumbTrail } from './breadcrumbs';
import { LiveBanner, LiveChip } from './live-banner';
import { NavigationDrawer, Sidebar } from './navigation';
import { PersonMenu } from './person-menu';
import { ThemeMenu } from './theme-menu';

interface ShellProps {
  person: { name: string; email: string; role: string };
  signOut: () => Promise<void>;
  children: React.ReactNode;
}

/** What stands around every page of the console: skip link, places, top bar, state of the live stream. */
export function Shell({ person, signOut, children }: ShellProps) {
  const live = useLiveSource();
  return (
    <LiveProvider value={live}>
      <BreadcrumbProvider>
        <a
          href="#main"
          className="fixed top-2 left-2 z-50 -translate-y-20 rounded-control border border-control bg-surface px-3 py-1.5 font-medium focus:translate-y-0"
        >
          Skip to the page
        </a>
        <div className="flex min-h-dvh">
          <Sidebar />
          <div className="flex min-w-0 flex-1 flex-col">
            <header data-chrome className="sticky top-0 z-30 border-border border-b bg-canvas">
              <div className="flex h-12 items-center gap-2 px-2 sm:px-4">
                <NavigationDrawer />
                <BreadcrumbTrail />
                <LiveChip />
                <ThemeMenu />
                <PersonMenu {...person} signOut={signOut} />
              </div>
              <LiveBanner />
            </header>
            <main
              id="main"
              tabIndex={-1}
              className="mx-auto w-full max-w-content flex-1 px-3 py-4 outline-none sm:px-6 sm:py-6"
            >
              {children}
            </main>
          </div>
        </div>
      </BreadcrumbProvider>
    </LiveProvider>
  );
}
