import { type DestinationRow, readDestinations } from '@/db/queries/alert/alerts';
import type { AlertDestinationView } from '@/lib/contracts/views';
import type { Actor, ServiceContext } from '../context';
import { hasRole, requireRole } from './require-role';

/** Where alerts go, with the last test. Below admin an address is its host alone: a path or query may be a secret. */
export async function alertDestinationsView(ctx: ServiceContext, actor: Actor): Promise<AlertDestinationView[]> {
  requireRole(actor, 'viewer');
  const rows = await readDestinations(ctx.db);
  return rows.map((row) => toView(row, hasRole(actor, 'admin')));
}

function toView(row: DestinationRow, isAdmin: boolean): AlertDestinationView {
  const ok = row.lastTestOk === 'ok';
  return {
    id: row.id,
    name: row.name,
    url: isAdmin ? row.url : `${new URL(row.url).origin}/…`,
    lastTest: row.lastTestAt
      ? {
          at: row.lastTestAt.toISOString(),
          ok,
          sentence: ok ? 'The test alert arrived.' : `The test alert did not arrive: ${row.lastTestOk ?? 'not known'}.`,
        }
      : null,
  };
}
