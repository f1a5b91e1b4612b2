import { routes } from '@/app/_routes/routes';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { ButtonLink } from '@/app/_ui/primitives/button-link';

export default function NotFound() {
  return (
    <div className="flex flex-col gap-4">
      <h1 className="font-semibold text-page">There is no such page</h1>
      <EmptyState
        kind="never"
        title="Nothing stands at this address"
        actions={<ButtonLink href={routes.fleet()}>Open the fleet</ButtonLink>}
      >
        A plan or a table may have had this address once. The fleet lists every table there is.
      </EmptyState>
    </div>
  );
}
