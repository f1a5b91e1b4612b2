import { Bell, Flag, KeyRound, Users } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { routes } from '@/app/_routes/routes';
import { requireSession } from '@/app/_server/session';
import { PageHead } from '@/app/_ui/kit/page-head';
import { ThemeAndKeys } from './theme-and-keys.client';

export const metadata: Metadata = { title: 'Settings' };

const PLACES = [
  {
    href: routes.people(),
    Icon: Users,
    title: 'People and roles',
    says: 'Who may look, operate, approve and administer.',
  },
  {
    href: routes.alerts(),
    Icon: Bell,
    title: 'Alert destinations',
    says: 'Where alerts go; send a test to each. The checklist asks for a delivered one.',
  },
  {
    href: routes.gateways(),
    Icon: KeyRound,
    title: 'Application keys',
    says: 'What applications sign with when they speak to a gateway.',
  },
  {
    href: routes.apiKeys(),
    Icon: Flag,
    title: 'API keys',
    says: 'What applications ask for flags with, when they decide by themselves where to read.',
  },
];

export default async function SettingsPage() {
  await requireSession();
  return (
    <div className="flex flex-col gap-4">
      <PageHead title="Settings" />
      <ul className="grid gap-3 sm:grid-cols-2 rail:grid-cols-3">
        {PLACES.map(({ href, Icon, title, says }) => (
          <li key={href}>
            <Link
              href={href}
              className="flex h-full items-start gap-3 rounded-card border border-border bg-surface p-4 hover:border-control"
            >
              <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
              <span>
                <span className="block font-medium">{title}</span>
                <span className="block text-data text-text-2">{says}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <ThemeAndKeys />
    </div>
  );
}
