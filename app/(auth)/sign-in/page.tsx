import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { hasAdmin } from '@/lib/services/auth/first-run';
import { routes, safeNext } from '../../_routes/routes';
import { services } from '../../_server/container';
import { session } from '../../_server/session';
import { Banner } from '../../_ui/kit/banner';
import { SignInForm } from './sign-in-form';

export const metadata: Metadata = { title: 'Sign in' };

/** Null when the database does not answer: the page then says so and still offers the form. */
const read = async (): Promise<{ isSignedIn: boolean; isSetUp: boolean } | null> => {
  try {
    const isSetUp = await hasAdmin(services().db);
    return { isSetUp, isSignedIn: isSetUp && (await session()) !== null };
  } catch (error) {
    services().log.error({ error }, 'The sign-in page could not ask the database');
    return null;
  }
};

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ next?: string }> }) {
  const { next } = await searchParams;
  const state = await read();
  if (state && !state.isSetUp) redirect(routes.setup());
  if (state?.isSignedIn) redirect(safeNext(next));
  return (
    <section className="rounded-card border border-border bg-surface p-6">
      <h1 className="font-semibold text-page">Sign in</h1>
      <p className="mt-1 text-prose text-text-2">An administrator of this console makes accounts.</p>
      {state === null ? (
        <Banner tone="warn" icon="alert" title="Postgres does not answer" className="mt-4">
          Nobody can sign in until it is back. Traffic through gateways is not affected.
        </Banner>
      ) : null}
      <SignInForm next={safeNext(next)} />
    </section>
  );
}
