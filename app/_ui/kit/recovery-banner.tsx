import Link from 'next/link';
import { routes } from '@/app/_routes/routes';
import type { RecoveryView } from '@/lib/contracts/console-views';
import { Banner } from './banner';
import { TimeAgo } from './time-ago';

/** Another Postgres is in the place of the one before: nothing moves, and whose word is missing. */
export function RecoveryBanner({ recovery }: { recovery: RecoveryView | null }) {
  if (recovery === null) return null;
  const { waitingFor } = recovery;
  return (
    <Banner
      tone="bad"
      isUrgent
      title="Another Postgres has taken the place of the one before: nothing is moved"
      actions={
        <Link
          className="inline-flex min-h-6 items-center underline"
          href={routes.helpError('control.postgres_changed')}
        >
          What to do
        </Link>
      }
    >
      Seen <TimeAgo at={recovery.sinceAt} />: {recovery.reason}.{' '}
      {waitingFor.length > 0
        ? `Gateways that have not said what they obey: ${waitingFor.join(', ')}.`
        : 'Every gateway has said what it obeys; the highest of it is taken in a moment.'}{' '}
      Traffic goes on, reads back to DynamoDB is allowed, and every table on its way verifies again afterwards.
    </Banner>
  );
}
