import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { hasAdmin } from '@/lib/services/auth/first-run';
import { routes } from '../../_routes/routes';
import { services } from '../../_server/container';
import { SetupForm } from './setup-form';

export const metadata: Metadata = { title: 'Set up' };

export default async function SetupPage() {
  if (await hasAdmin(services().db)) redirect(routes.signIn());
  return (
    <section className="rounded-card border border-border bg-surface p-6">
      <h1 className="font-semibold text-page">Make the first administrator</h1>
      <p className="mt-1 text-prose text-text-2">
        Nobody administers this console yet. There is no default account: who can read the server&rsquo;s log makes the
        first one.
      </p>
      <SetupForm />
    </section>
  );
}
