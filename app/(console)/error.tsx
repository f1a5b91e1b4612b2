'use client';

import { EmptyState } from '@/app/_ui/kit/empty-state';
import { Button } from '@/app/_ui/primitives/button';
import { ButtonLink } from '@/app/_ui/primitives/button-link';
import { routes } from '../_routes/routes';

/** A page that broke. The shell stays, and traffic does not depend on any page. */
export default function ConsoleError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <div className="flex flex-col gap-4">
      <h1 className="font-semibold text-page">This page broke</h1>
      <EmptyState
        kind="failed"
        title="Landfall could not show this page"
        actions={
          <>
            <Button onClick={reset}>Try again</Button>
            <ButtonLink href={routes.fleet()}>Open the fleet</ButtonLink>
          </>
        }
      >
        Gateways and workers go on without the console.{' '}
        {error.digest ? `The log of the web process has the cause under ${error.digest}.` : ''}
      </EmptyState>
    </div>
  );
}
