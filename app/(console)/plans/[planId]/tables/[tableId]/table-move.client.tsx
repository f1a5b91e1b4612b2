'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLive } from '@/app/_data/live';
import { ReadError } from '@/app/_data/read-json';
import { fetchDryRun } from '@/app/_data/table';
import { useMe } from '@/app/_data/use-me';
import { gateLines } from '@/app/_routes/see';
import { type ActionResult, UNANSWERED } from '@/app/_ui/action-result';
import { formatDuration } from '@/app/_ui/kit/format';
import { type DryRun, MoveDialog } from '@/app/_ui/kit/move-dialog';
import type { MoveView, TableView } from '@/lib/contracts/views';
import { ROLE_RANK, type Verb } from '@/lib/domain/plan/moves';
import { approveMove, commitMove } from './actions';
import { commitLabelOf, MOVE_WORDS, titleOf } from './move-words';

const STALE_SENTENCE =
  'This screen is not current, so moves forward wait. Going back to DynamoDB is possible all the same.';

interface TableMoveProps {
  table: TableView;
  move: MoveView;
  readShareMilli?: number;
  trigger: React.ReactElement;
  children?: React.ReactNode;
  onDone?: () => void;
}

/** One move of a table: its dry run, its gates, the reason and the act. */
export function TableMove({ table, move, readShareMilli, trigger, children, onDone }: TableMoveProps) {
  const client = useQueryClient();
  const live = useLive();
  const me = useMe();
  const words = MOVE_WORDS[move.verb];
  const isUp = move.way !== 'back' && !(readShareMilli !== undefined && readShareMilli < table.share.desiredMilli);
  const isApprover = me !== null && ROLE_RANK[me.role] >= ROLE_RANK.approver;
  const [isLong, setLong] = useState(false);
  const long = HOLD_CHOSEN.has(move.verb) && isLong;
  const request = { tableId: table.tableId, verb: move.verb, readShareMilli, ...(long ? { long } : {}) };
  return (
    <MoveDialog
      trigger={trigger}
      title={titleOf(move, table.name, readShareMilli)}
      commitLabel={commitLabelOf(move, readShareMilli)}
      usersNotice={words.notice}
      undo={words.undo}
      confirm={move.confirm}
      typedName={table.name}
      tone={move.way === 'back' ? 'back' : move.pointOfNoReturn ? 'danger' : 'primary'}
      blocked={isUp && live.state === 'stale' ? STALE_SENTENCE : null}
      loadDryRun={() => loadDryRun(table, move, { readShareMilli, long })}
      planKey={long ? 'long' : 'short'}
      onCommit={async (commit) => {
        const result = await commitMove({ ...request, version: table.version, ...commit });
        await client.invalidateQueries();
        return result;
      }}
      onApprove={
        move.needsApproval && isApprover
          ? async (approval) => {
              const result = await approveMove({ ...request, ...approval });
              await client.invalidateQueries();
              return result;
            }
          : undefined
      }
      onDone={onDone}
    >
      {HOLD_CHOSEN.has(move.verb) ? (
        <LongHold deltaMs={table.settings.deltaMs} isLong={isLong} onChange={setLong} />
      ) : null}
      {children}
    </MoveDialog>
  );
}

/** Moves whose hold waits for dirty keys and unknown outcomes, so that its length can be chosen (F1b). */
const HOLD_CHOSEN: ReadonlySet<Verb> = new Set(['flip_writes', 'flip_back', 'close_source']);

/** For a table that is never quiet: a hold that waits an unknown outcome out, acknowledged as downtime. */
function LongHold({
  deltaMs,
  isLong,
  onChange,
}: {
  deltaMs: number;
  isLong: boolean;
  onChange: (isLong: boolean) => void;
}) {
  const bound = formatDuration(2 * deltaMs);
  return (
    <section className="flex flex-col gap-1 rounded-card border border-border p-3">
      <label className="flex items-start gap-2">
        <input
          type="checkbox"
          name="longHold"
          className="mt-1 size-4 shrink-0 accent-accent"
          checked={isLong}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span className="font-medium text-data">Hold for up to {bound}, and I acknowledge it as downtime</span>
      </label>
      <p className="pl-6 text-data text-text-2">
        Only for a table that is never quiet. A short hold ends at the first write with an unknown outcome; this one
        waits until that write cannot arrive any more (Δ), at most {bound} (2Δ). Writes and strong reads get a retryable
        error meanwhile, and SDKs give up within seconds: stop the application or let it queue its writes.
      </p>
    </section>
  );
}

/** The same code that would act, asked what it would do. A refusal without steps is shown in the place of the plan. */
async function loadDryRun(
  table: TableView,
  move: MoveView,
  ask: { readShareMilli: number | undefined; long: boolean },
): Promise<ActionResult<DryRun>> {
  try {
    const dryRun = await fetchDryRun(table.tableId, { verb: move.verb, ...ask });
    if (dryRun.planHash === null)
      return { ok: false, code: 'table.move_refused', message: dryRun.refusal ?? 'The move is not allowed now.' };
    return {
      ok: true,
      data: {
        hash: dryRun.planHash,
        gates: gateLines(dryRun.gates, table.planId, table.tableId),
        steps: dryRun.steps.map((step, index) => ({ key: `${index} ${step.kind}`, label: step.sentence })),
      },
    };
  } catch (error) {
    if (!(error instanceof ReadError)) return UNANSWERED;
    return { ok: false, code: error.code, message: error.message, requestId: error.requestId ?? undefined };
  }
}
