import type { TableRowRecord } from '@/db/queries/view/table-rows';
import type { ShareView, TableRowView } from '@/lib/contracts/views';
import { badgeOf, sentenceOf, type TableState } from '@/lib/domain/plan/display';
import { authorityOf } from '@/lib/domain/plan/stages';
import { observedMilliOf } from '../table/facts';
import { etaRangeMs } from './eta';
import type { RowExtras } from './row-extras';

/** Reads are summed at most this long back; the view says the window it used. */
export const SHARE_WINDOW_MS_MAX = 3_600_000;

export const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

/** One row of a list, as a screen shows it. */
export function toTableRow(row: TableRowRecord, extras: RowExtras): TableRowView {
  const share = shareOf(row, extras);
  const state: TableState = {
    strategy: row.strategy,
    stage: row.stage,
    hold: row.holdKind ? { kind: row.holdKind, reason: row.holdReason ?? '' } : null,
    openFence: row.fenceVerb ? { verb: row.fenceVerb, step: row.fenceStep ?? 'hold' } : null,
    openBarrier: row.isBarrierOpen && row.barrierVerb ? { verb: row.barrierVerb } : null,
    readShareMilli: row.readShareMilli,
    observedShareMilli: share.observedMilli,
  };
  return {
    planId: row.planId,
    planName: row.planName,
    tableId: row.tableId,
    name: row.name,
    strategy: row.strategy,
    stage: row.stage,
    badge: badgeOf(state),
    sentence: sentenceOf(row.name, state),
    hold: row.holdKind
      ? {
          kind: row.holdKind,
          reason: row.holdReason ?? '',
          by: row.holdBy ?? 'Landfall',
          sinceAt: (row.holdSince ?? row.stageSince).toISOString(),
        }
      : null,
    share,
    dirty: { count: row.dirtyCount, oldestMs: row.dirtyOldestMs },
    mismatches: row.mismatches,
    guardrail: extras.guardrail,
    rate: rateOf(row),
    lastChange: row.lastChangeAt ? { by: row.lastChangeBy ?? 'Landfall', at: row.lastChangeAt.toISOString() } : null,
    needs: extras.need?.sentence ?? null,
  };
}

/** What the gates count is what the screen says; a table whose facts were not loaded shows the same sums of its own. */
function shareOf(row: TableRowRecord, { observed }: RowExtras): ShareView {
  const isTargetFirst = authorityOf(row.stage) === 'target';
  return {
    desiredMilli: isTargetFirst ? 100_000 : row.readShareMilli,
    acknowledged: row.acknowledged,
    registered: row.registered,
    lagging: row.lagging,
    observedMilli: observed
      ? observed.milli
      : observedMilliOf({ source: row.readsSource, target: row.readsTarget, fallback: row.readsFallback }),
    routableReads: observed ? observed.routableReads : row.readsSource + row.readsTarget + row.readsFallback,
    unroutableReads: row.readsUnroutable,
    strongReads: row.readsStrong,
    windowMs: Math.round(row.windowMs),
    sinceAt: iso(row.shareSince),
  };
}

function rateOf(row: TableRowRecord): TableRowView['rate'] {
  if (row.runState !== 'running' && row.runState !== 'paused' && row.runState !== 'waiting') return null;
  const itemsPerSecond = row.itemsPerSecond ?? 0;
  // DynamoDB counts a table every six hours: what was read may pass the estimate, and the screen says "estimate".
  const total = Math.max(row.runEstimate, row.runItems);
  return {
    itemsPerSecond,
    done: row.runItems,
    total,
    isEstimate: true,
    etaMs: row.runState === 'running' ? etaRangeMs({ done: row.runItems, total, itemsPerSecond }) : null,
  };
}
