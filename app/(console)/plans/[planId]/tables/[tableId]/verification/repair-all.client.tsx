'use client';

import { useState } from 'react';
import { repairPreviewQuery } from '@/app/_data/table';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { FormError } from '@/app/_ui/kit/form-error';
import { formatCount } from '@/app/_ui/kit/format';
import { ViewMissing } from '@/app/_ui/kit/view-notice';
import { Button } from '@/app/_ui/primitives/button';
import { Dialog, DialogClose, DialogContent } from '@/app/_ui/primitives/dialog';
import type { RepairPreviewView } from '@/lib/contracts/views';
import { repairAllMismatches } from '../actions';

const SIDE = { source: 'DynamoDB', target: 'TerraScale' } as const;
const SAYS = { creates: 'created', overwrites: 'overwritten', deletes: 'deleted' } as const;

/** Repairs every open mismatch after a look at what that will do. */
export function RepairAll({ tableId, open }: { tableId: string; open: number }) {
  const [isOpen, setIsOpen] = useState(false);
  if (open === 0 && !isOpen) return null;
  return (
    <>
      <Button size="sm" onClick={() => setIsOpen(true)}>
        Repair all open…
      </Button>
      {isOpen ? <RepairDialog tableId={tableId} close={() => setIsOpen(false)} /> : null}
    </>
  );
}

function RepairDialog({ tableId, close }: { tableId: string; close: () => void }) {
  const query = useView(repairPreviewQuery(tableId));
  const { act, isPending, failure } = useAct();
  const preview = query.data;
  const count = preview ? preview.effects.reduce((sum, effect) => sum + effect.count, 0) : 0;
  const deletes = preview?.effects.some((effect) => effect.does === 'deletes' && effect.count > 0) ?? false;
  const repair = async () => {
    if (!preview) return;
    const result = await act((idempotencyKey) => repairAllMismatches({ tableId, hash: preview.hash, idempotencyKey }));
    if (result.ok) close();
    else void query.refetch();
  };
  return (
    <Dialog open onOpenChange={(isOpen) => (isOpen ? undefined : close())}>
      <DialogContent
        title="Repair all open mismatches"
        description="Each key is marked dirty: a worker reads the authority as it is then, makes the other side equal and confirms it. No stored image is written."
        footer={
          <>
            <DialogClose render={<Button>Close</Button>} />
            <Button
              variant={deletes ? 'danger' : 'primary'}
              isPending={isPending}
              disabled={count === 0 || preview?.needsApprover}
              onClick={repair}
            >
              Repair {formatCount(count)} on {SIDE[preview?.side ?? 'target']}
            </Button>
          </>
        }
      >
        <FormError failure={failure} />
        {preview ? <Effects preview={preview} /> : <ViewMissing query={query} what="what the repair would do" />}
      </DialogContent>
    </Dialog>
  );
}

const Effects = ({ preview }: { preview: RepairPreviewView }) => (
  <div className="flex flex-col gap-2 text-data">
    <ul className="flex flex-col gap-2">
      {preview.effects.map(({ does, count, keys }) => (
        <li key={does} className={does === 'deletes' && count > 0 ? 'text-bad-fg' : undefined}>
          {formatCount(count)} items are {SAYS[does]} on {SIDE[preview.side]}
          {keys.length > 0 ? <span className="block break-words font-mono text-caption">{keys.join(', ')}</span> : null}
        </li>
      ))}
    </ul>
    {preview.needsApprover ? <p>Something is deleted, so an approver has to do it.</p> : null}
  </div>
);
