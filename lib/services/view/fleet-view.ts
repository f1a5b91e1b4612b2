import { readTableRows } from '@/db/queries/view/table-rows';
import type { FleetView } from '@/lib/contracts/views';
import { isMirroring, writesOf } from '@/lib/domain/plan/stages';
import type { Actor, ServiceContext } from '../context';
import { GATEWAY_SILENT_MS } from '../table/facts';
import { urgencyOf } from './needs';
import { recoveryView } from './recovery-view';
import { requireRole } from './require-role';
import { extrasOf } from './row-extras';
import { SHARE_WINDOW_MS_MAX, toTableRow } from './table-row';

/** Every table of every plan, what needs a person first. */
export async function fleetView(ctx: ServiceContext, actor: Actor): Promise<FleetView> {
  requireRole(actor, 'viewer');
  const [rows, recovery] = await Promise.all([
    readTableRows(ctx.sql, { windowMsMax: SHARE_WINDOW_MS_MAX, silentMs: GATEWAY_SILENT_MS }),
    recoveryView(ctx),
  ]);
  const extras = await extrasOf(ctx, rows);
  const entries = rows.map((row, index) => {
    const extra = extras[index]!;
    return { view: toTableRow(row, extra), urgency: urgencyOf(extra.need, row.stage) };
  });
  // Stable: tables of equal need keep the order of their plan and wave.
  const sorted = entries.sort((a, b) => a.urgency - b.urgency);
  const tables = sorted.map((entry) => entry.view);
  return {
    tables,
    counts: {
      needsPerson: tables.filter((table) => table.needs !== null).length,
      moving: tables.filter((table) => isMirroring(writesOf(table.strategy, table.stage)) || table.rate !== null)
        .length,
      done: tables.filter((table) => table.stage === 'backup' || table.stage === 'retired').length,
    },
    recovery,
    at: new Date(ctx.clock.nowMs()).toISOString(),
  };
}
