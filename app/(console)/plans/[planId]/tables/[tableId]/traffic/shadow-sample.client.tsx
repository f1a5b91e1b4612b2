'use client';

import { useState } from 'react';
import { shadowSampleQuery } from '@/app/_data/table';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { FormError } from '@/app/_ui/kit/form-error';
import { Button } from '@/app/_ui/primitives/button';
import { Dialog, DialogClose, DialogContent } from '@/app/_ui/primitives/dialog';
import type { ShadowSampleRowView } from '@/lib/contracts/views';
import { BothImages } from '../both-images.client';
import { CLASS_SAYS } from '../difference-words';
import { repairShadowSample } from './actions';

const SIDE = { source: 'DynamoDB', target: 'TerraScale' } as const;

/** Both images of one difference, and its repair with what that will do. */
export function ShadowSampleDialog({
  tableId,
  sample,
  close,
}: {
  tableId: string;
  sample: ShadowSampleRowView;
  close: () => void;
}) {
  const query = useView(shadowSampleQuery(tableId, sample.id));
  const { act, isPending, failure } = useAct();
  const [isPreview, setIsPreview] = useState(false);
  const repair = async () => {
    const result = await act((idempotencyKey) => repairShadowSample({ tableId, sampleId: sample.id, idempotencyKey }));
    if (result.ok) setIsPreview(false);
  };
  const deletes = sample.repairDeletes;
  return (
    <Dialog open onOpenChange={(isOpen) => (isOpen ? undefined : close())}>
      <DialogContent
        width="lg"
        title={`Item ${sample.key}`}
        description={`${CLASS_SAYS[sample.class]}; ${SIDE[sample.answeredBy]} answered the application's ${sample.operation}`}
        footer={
          <>
            <DialogClose render={<Button>Close</Button>} />
            {isPreview ? (
              <Button variant={deletes ? 'danger' : 'primary'} isPending={isPending} onClick={repair}>
                {deletes ? `Delete it on ${SIDE[deletes]}` : 'Make both sides equal'}
              </Button>
            ) : (
              <Button disabled={sample.state === 'healing'} onClick={() => setIsPreview(true)}>
                Repair…
              </Button>
            )}
          </>
        }
      >
        <div className="flex flex-col gap-3">
          <FormError failure={failure} />
          {isPreview ? (
            <p className="rounded-card bg-warn-tint px-3 py-2 text-data text-warn-fg">
              {deletes
                ? `The repair deletes this item on ${SIDE[deletes]}, if the authority still does not have it then. It needs the role approver.`
                : 'The repair marks the key dirty; a worker reads the authority, writes its image to the other side and confirms it.'}
            </p>
          ) : null}
          <BothImages query={query} itemKey={sample.key} />
        </div>
      </DialogContent>
    </Dialog>
  );
}
