'use client';

import { useLive } from '@/app/_data/live';
import { gateLines } from '@/app/_routes/see';
import { GateList } from '@/app/_ui/kit/gate-list';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Badge } from '@/app/_ui/primitives/badge';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import type { MoveView, TableView } from '@/lib/contracts/views';
import { TableMove } from './table-move.client';

// The share has its own panel and the way back its own button; the system makes its moves by itself.
const ELSEWHERE = new Set<MoveView['verb']>(['set_read_share', 'reads_to_source']);

/** The moves of this stage with what stands before each; a move that is not allowed stays, with the reason. */
export function NextMoves({ table }: { table: TableView }) {
  const moves = table.moves.filter((move) => !ELSEWHERE.has(move.verb));
  const share = table.moves.find((move) => move.verb === 'set_read_share');
  const forward = moves.filter((move) => move.way === 'forward');
  const back = moves.filter((move) => move.way === 'back');
  return (
    <Card title="What can happen next" note={table.needs} id="next">
      <div className="flex flex-col gap-4">
        {moves.length === 0 ? <p className="text-data text-text-2">This table has no further move.</p> : null}
        {forward.map((move) => (
          <MoveRow key={move.verb} table={table} move={move} />
        ))}
        {share && unmetOf(share).length > 0 ? (
          <div>
            <h3 className="font-medium text-data">Before the share can rise</h3>
            <GateList gates={gateLines(unmetOf(share), table.planId, table.tableId)} label="Unmet gates of the share" />
          </div>
        ) : null}
        {back.length > 0 ? (
          <div className="flex flex-wrap gap-2 border-border border-t pt-3">
            {back.map((move) => (
              <TableMove
                key={move.verb}
                table={table}
                move={move}
                trigger={<Button variant={move.verb === 'abandon' ? 'secondary' : 'back'}>{move.label}</Button>}
              />
            ))}
          </div>
        ) : null}
      </div>
    </Card>
  );
}

const unmetOf = (move: MoveView) => move.gates.filter((gate) => !gate.met);

function MoveRow({ table, move }: { table: TableView; move: MoveView }) {
  const live = useLive();
  const unmet = unmetOf(move);
  const met = move.gates.length - unmet.length;
  return (
    <section aria-label={move.label} className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <div className="min-w-0">
          <h3 className="flex flex-wrap items-center gap-2 font-medium text-data">
            {move.label}
            {move.pointOfNoReturn ? <Badge tone="bad">no way back</Badge> : null}
            {move.kind === 'automatic' ? <Badge>by itself</Badge> : null}
          </h3>
          <p className="text-caption text-muted">{move.says}</p>
        </div>
        {move.kind === 'automatic' ? null : (
          <TableMove
            table={table}
            move={move}
            trigger={
              <Button size="sm" aria-describedby={`why-${move.verb}`}>
                See the dry run<span className="sr-only"> of {move.label}</span>
              </Button>
            }
          />
        )}
      </div>
      <p id={`why-${move.verb}`} className="text-caption text-text-2">
        {move.gates.length === 0 ? 'No gate stands before it.' : `${met} of ${move.gates.length} gates met.`}
        {move.refusal ? ` ${move.refusal}` : ''}
        {live.state === 'stale' ? ' This screen is not current, so it cannot be committed from here.' : ''}
        <Approval move={move} />
      </p>
      {unmet.length > 0 ? (
        <GateList gates={gateLines(unmet, table.planId, table.tableId)} label={`Unmet gates of ${move.label}`} />
      ) : null}
    </section>
  );
}

function Approval({ move }: { move: MoveView }) {
  if (!move.needsApproval) return null;
  if (!move.approval) return <> Needs a second person.</>;
  return (
    <>
      {' '}
      Approved by {move.approval.by} <TimeAgo at={move.approval.at} />
      {move.approval.current ? ', for these steps.' : ', for other steps than these: approve again.'}
    </>
  );
}
