'use client';

import { useState } from 'react';
import { mismatchQuery } from '@/app/_data/table';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { FormError } from '@/app/_ui/kit/form-error';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Button } from '@/app/_ui/primitives/button';
import { Dialog, DialogClose, DialogContent } from '@/app/_ui/primitives/dialog';
import type { MismatchRowView } from '@/lib/contracts/views';
import { recheckMismatch, repairMismatch } from '../actions';
import { BothImages } from '../both-images.client';
import { CLASS_SAYS } from '../difference-words';

const SIDE = { source: 'DynamoDB', target: 'TerraScale' } as const;
const OTHER = { source: 'target', target: 'source' } as const;

/** One mismatch: both images, how long it stands, and its repair with what that will do. */
export function DiffDialog({
  tableId,
  mismatch,
  close,
}: {
  tableId: string;
  mismatch: MismatchRowView;
  close: () => void;
}) {
  const query = useView(mismatchQuery(tableId, mismatch.id));
  const { act, isPending, failure } = useAct();
  const [isPreview, setIsPreview] = useState(false);
  const { does, side } = mismatch.repair;
  const call = async (verb: typeof recheckMismatch) => {
    const result = await act((idempotencyKey) => verb({ mismatchId: mismatch.id, idempotencyKey }));
    if (result.ok) setIsPreview(false);
  };
  return (
    <Dialog open onOpenChange={(isOpen) => (isOpen ? undefined : close())}>
      <DialogContent
        width="lg"
        title={`Item ${mismatch.key}`}
        description={`${CLASS_SAYS[mismatch.class]}, ${mismatch.state}`}
        footer={
          <>
            <DialogClose render={<Button>Close</Button>} />
            <Button isPending={isPending} onClick={() => call(recheckMismatch)}>
              Read both sides again
            </Button>
            {isPreview ? (
              <Button
                variant={does === 'deletes' ? 'danger' : 'primary'}
                isPending={isPending}
                onClick={() => call(repairMismatch)}
              >
                {does === 'deletes' ? `Delete it on ${SIDE[side]}` : `Make ${SIDE[side]} equal`}
              </Button>
            ) : (
              <Button disabled={mismatch.state !== 'open'} onClick={() => setIsPreview(true)}>
                Repair…
              </Button>
            )}
          </>
        }
      >
        <div className="flex flex-col gap-3">
          <FormError failure={failure} />
          {mismatch.equalAt ? (
            <p className="text-data">
              A full verification that ended <TimeAgo at={mismatch.equalAt} /> did not see this. What goes through a
              gateway is confirmed or marked, so look for a writer beside the gateways, on either side.
            </p>
          ) : null}
          {isPreview ? (
            <p className="rounded-card bg-warn-tint px-3 py-2 text-data text-warn-fg">
              {does === 'deletes'
                ? `The repair deletes this item on ${SIDE[side]}, because ${SIDE[OTHER[side]]} does not have it. It needs the role approver.`
                : `The repair marks the key dirty; a worker reads ${SIDE[OTHER[side]]}, writes its image to ${SIDE[side]} and confirms it.`}
            </p>
          ) : null}
          <BothImages query={query} itemKey={mismatch.key} />
        </div>
      </DialogContent>
    </Dialog>
  );
}
