'use client';

import { tableQuery } from '@/app/_data/table';
import { useView } from '@/app/_data/use-view';
import { routes } from '@/app/_routes/routes';
import { gateLines } from '@/app/_routes/see';
import { formatCount, formatDuration } from '@/app/_ui/kit/format';
import { GateList } from '@/app/_ui/kit/gate-list';
import { ShareNumbers } from '@/app/_ui/kit/share-numbers';
import { StatusBadge } from '@/app/_ui/kit/status-badge';
import { ButtonLink } from '@/app/_ui/primitives/button-link';
import { Card } from '@/app/_ui/primitives/card';
import type { MoveView, TableRowView } from '@/lib/contracts/views';
import { isCompared } from '../../fleet-filter';

/** One table in the cockpit: its state in words, its numbers, and what stands before its next move. */
export function PlanTable({ table }: { table: TableRowView }) {
  const detail = useView(tableQuery(table.tableId)).data;
  const next = detail ? nextOf(detail.moves) : null;
  return (
    <Card
      level={3}
      title={table.name}
      actions={
        <>
          <StatusBadge display={table.badge} />
          <ButtonLink size="sm" href={routes.table(table.planId, table.tableId)}>
            Open {table.name}
          </ButtonLink>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <p className="max-w-measure text-prose">{table.sentence}</p>
        {table.needs ? <p className="font-medium text-data text-warn-fg">{table.needs}</p> : null}
        <div className="flex flex-wrap gap-x-6 gap-y-2">
          <ShareNumbers share={table.share} />
          <Numbers table={table} />
        </div>
        {next ? <NextMove move={next} planId={table.planId} tableId={table.tableId} /> : null}
      </div>
    </Card>
  );
}

const nextOf = (moves: readonly MoveView[]): MoveView | null =>
  moves.find((move) => move.way === 'forward') ?? moves.find((move) => move.way === 'level') ?? null;

function Numbers({ table }: { table: TableRowView }) {
  const { dirty, rate } = table;
  return (
    <dl className="flex flex-wrap gap-x-4 gap-y-0.5 text-data">
      <div>
        <dt className="text-caption text-muted">Dirty keys</dt>
        <dd className="font-medium">
          {formatCount(dirty.count)}
          {dirty.oldestMs === null ? '' : `, oldest ${formatDuration(dirty.oldestMs)}`}
        </dd>
      </div>
      <div>
        <dt className="text-caption text-muted">Mismatches</dt>
        <dd className={table.mismatches > 0 ? 'font-medium text-bad-fg' : 'font-medium'}>
          {isCompared(table) ? formatCount(table.mismatches) : 'not verified yet'}
        </dd>
      </div>
      {rate ? (
        <div>
          <dt className="text-caption text-muted">Progress</dt>
          <dd className="font-medium">
            {formatCount(rate.done)} of {rate.isEstimate ? 'about ' : ''}
            {formatCount(rate.total)}
          </dd>
        </div>
      ) : null}
    </dl>
  );
}

/** Unmet gates stand open; met ones are counted. */
function NextMove({ move, planId, tableId }: { move: MoveView; planId: string; tableId: string }) {
  const unmet = move.gates.filter((gate) => !gate.met);
  const met = move.gates.length - unmet.length;
  return (
    <div className="border-border border-t pt-3">
      <h4 className="font-medium text-data">
        Next: {move.label}
        {move.gates.length > 0 ? (
          <span className="font-normal text-muted">
            , {met} of {move.gates.length} gates met
          </span>
        ) : null}
      </h4>
      {unmet.length > 0 ? (
        <GateList gates={gateLines(unmet, planId, tableId)} label={`Unmet gates of ${move.label}`} />
      ) : (
        <p className="text-caption text-muted">{move.refusal ?? move.says}</p>
      )}
    </div>
  );
}
