'use client';

import { useQueryClient } from '@tanstack/react-query';
import { type ActionFailure, type ActionResult, UNANSWERED } from '@/app/_ui/action-result';
import { RollBackButton } from '@/app/_ui/kit/roll-back-button';
import type { TableRowView } from '@/lib/contracts/views';

// Long: an answer that is given up on leaves a person not knowing whether the reads went back.
const ANSWER_MS_MAX = 30_000;

/** The way back needs no version and no dry run, so a tab of yesterday can take it. */
async function postReadsToSource(tableId: string): Promise<ActionResult> {
  const response = await fetch(`/api/tables/${encodeURIComponent(tableId)}/reads-to-source`, {
    method: 'POST',
    headers: { accept: 'application/json' },
    credentials: 'same-origin',
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  }).catch(() => null);
  if (response === null) return UNANSWERED;
  if (response.ok) return { ok: true, data: null };
  const body = (await response.json().catch(() => null)) as Partial<ActionFailure> | null;
  return {
    ok: false,
    code: body?.code ?? 'internal.unexpected',
    message: body?.message ?? `The console answered ${response.status}.`,
    requestId: body?.requestId,
  };
}

/** Stands there through the whole read shift, whatever else is held, stale or refused. */
export function ReadsBack({
  table,
  hasShortcut = true,
}: {
  table: Pick<TableRowView, 'tableId' | 'name' | 'stage'>;
  hasShortcut?: boolean;
}) {
  const client = useQueryClient();
  if (table.stage !== 'shift') return null;
  return (
    <RollBackButton
      label="Reads back to DynamoDB"
      hasShortcut={hasShortcut}
      onRollBack={async () => {
        const result = await postReadsToSource(table.tableId);
        void client.invalidateQueries();
        return result;
      }}
    />
  );
}
