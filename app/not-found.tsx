import { routes } from './_routes/routes';
import { Brand } from './_ui/kit/brand';
import { EmptyState } from './_ui/kit/empty-state';
import { ButtonLink } from './_ui/primitives/button-link';

/** For addresses that are no page at all; a plan or table that does not exist has its own inside the console. */
export default function NotFound() {
  return (
    <main id="main" className="mx-auto flex max-w-xl flex-col gap-4 px-4 py-16">
      <Brand />
      <h1 className="font-semibold text-page">There is no page at this address</h1>
      <EmptyState
        kind="never"
        title="Nothing is here"
        actions={
          <ButtonLink href={routes.fleet()} variant="primary">
            Go to the fleet
          </ButtonLink>
        }
      >
        The address may be mistyped, or of a version that named its pages differently.
      </EmptyState>
    </main>
  );
}
