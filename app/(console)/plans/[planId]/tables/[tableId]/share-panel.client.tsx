'use client';

import { useEffect, useRef, useState } from 'react';
import { TRAFFIC_RANGES_MS, trafficQuery } from '@/app/_data/table';
import { useView } from '@/app/_data/use-view';
import { formatRate, formatShare } from '@/app/_ui/kit/format';
import { ShareSlider } from '@/app/_ui/kit/share-slider';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import type { TableView, TrafficView } from '@/lib/contracts/views';
import { STAGE_LOOK } from '@/lib/domain/plan/display';
import { RAIL } from '@/lib/domain/plan/stages';
import { TableMove } from './table-move.client';

/** The read share: filled is observed, the thumb is a draft, and only the button commits it. */
export function SharePanel({ table }: { table: TableView }) {
  const [draftMilli, setDraftMilli] = useDraft(table.share.desiredMilli);
  const move = table.moves.find((each) => each.verb === 'set_read_share');
  const isShift = table.stage === 'shift';
  const isChanged = draftMilli !== table.share.desiredMilli;
  return (
    <Card title="Read share" note={noteOf(table)} className="[&>div]:py-3" id="share">
      <div className="flex flex-col gap-3">
        <ShareSlider
          label={`Read share of ${table.name}`}
          draftMilli={draftMilli}
          onDraft={setDraftMilli}
          desiredMilli={table.share.desiredMilli}
          observedMilli={table.share.observedMilli}
          allowedMilliMax={Math.max(table.shareCeilingMilli, table.share.desiredMilli)}
          acknowledgement={table.share}
          isDisabled={!isShift}
        />
        {isShift && move ? (
          <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
            <TableMove
              table={table}
              move={move}
              readShareMilli={draftMilli}
              trigger={
                <Button variant={isPrimary(table) ? 'primary' : 'secondary'} disabled={!isChanged}>
                  {isChanged ? `Shift reads to ${formatShare(draftMilli)}` : 'Choose another share to shift'}
                </Button>
              }
            />
            {isChanged ? (
              <Button variant="ghost" onClick={() => setDraftMilli(table.share.desiredMilli)}>
                Discard the draft
              </Button>
            ) : null}
            {isChanged ? <Projection table={table} draftMilli={draftMilli} /> : null}
          </div>
        ) : null}
      </div>
    </Card>
  );
}

/** One primary button a screen: shifting, until the whole share is on TerraScale and the flip is next. */
const isPrimary = (table: TableView): boolean => table.share.desiredMilli < 100_000;

function noteOf(table: TableView): string {
  const rail = RAIL[table.strategy];
  const shiftAt = rail.indexOf('shift');
  if (shiftAt < 0) return 'A big bang moves all reads with the closing of the source.';
  if (table.stage === 'shift')
    return 'A stable share of partition keys. A key that is in at 10 % is in at 50 %. Releasing the mouse commits nothing.';
  return rail.indexOf(table.stage) < shiftAt
    ? `Reads come from DynamoDB. The share can be moved from the stage ${STAGE_LOOK.shift.label} on.`
    : 'All reads come from TerraScale. The share goes back by flipping write authority back first.';
}

/** The draft follows what is desired until a person moves it. */
function useDraft(desiredMilli: number): [number, (milli: number) => void] {
  const [draftMilli, setDraftMilli] = useState(desiredMilli);
  const last = useRef(desiredMilli);
  useEffect(() => {
    setDraftMilli((draft) => (draft === last.current ? desiredMilli : draft));
    last.current = desiredMilli;
  }, [desiredMilli]);
  return [draftMilli, setDraftMilli];
}

const readsPerSecond = (traffic: TrafficView | undefined): number | null => {
  const point = traffic?.points.findLast((each) => each.readsSource !== null || each.readsTarget !== null);
  return point ? (point.readsSource ?? 0) + (point.readsTarget ?? 0) + (point.readsFallback ?? 0) : null;
};

function Projection({ table, draftMilli }: { table: TableView; draftMilli: number }) {
  const traffic = useView(trafficQuery(table.tableId, TRAFFIC_RANGES_MS[0]));
  const rate = readsPerSecond(traffic.data);
  if (rate === null) return <span className="text-caption text-muted">No reads lately, so nothing is projected.</span>;
  return (
    <span className="text-caption text-muted">
      Draft: about {formatRate((rate * draftMilli) / 100_000)} of {formatRate(rate)} reads/s on TerraScale, if keys are
      read evenly.
    </span>
  );
}
