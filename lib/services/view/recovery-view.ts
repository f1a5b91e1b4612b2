import { knownPostgres, unreported } from '@/db/queries/process/postgres';
import type { RecoveryView } from '@/lib/contracts/console-views';
import type { ServiceContext } from '../context';

/** What stands over the screens while another Postgres is in the place of the one before (PROTOCOL F6); null: none is. */
export async function recoveryView(ctx: ServiceContext): Promise<RecoveryView | null> {
  const known = await knownPostgres(ctx.db);
  if (!known || known.openedAtMs === null) return null;
  return {
    sinceAt: new Date(known.openedAtMs).toISOString(),
    reason: known.reason ?? 'it was not said how that was seen',
    waitingFor: await unreported(ctx.db, known.round),
  };
}
