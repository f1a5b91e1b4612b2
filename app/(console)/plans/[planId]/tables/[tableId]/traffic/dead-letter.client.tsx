'use client';

import { useState } from 'react';
import { deadLetterQuery } from '@/app/_data/table';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { FormError } from '@/app/_ui/kit/form-error';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Button } from '@/app/_ui/primitives/button';
import { Dialog, DialogClose, DialogContent } from '@/app/_ui/primitives/dialog';
import { TextareaField } from '@/app/_ui/primitives/field';
import type { DeadLetterView } from '@/lib/contracts/views';
import { BothImages } from '../both-images.client';
import { parkDeadLetters, retryDeadLetters } from './actions';

/** One dead letter: why it is one, both images as they are now, and what can be done. */
export function DeadLetterDialog({
  tableId,
  letter,
  close,
}: {
  tableId: string;
  letter: DeadLetterView;
  close: () => void;
}) {
  const query = useView(deadLetterQuery(tableId, letter.id));
  const { act, isPending, failure } = useAct();
  const [reason, setReason] = useState<string | null>(null);
  const retry = async () => {
    const result = await act((idempotencyKey) => retryDeadLetters({ tableId, ids: [letter.id], idempotencyKey }));
    if (result.ok) close();
  };
  const park = async () => {
    const given = reason ?? '';
    const result = await act((idempotencyKey) =>
      parkDeadLetters({ tableId, ids: [letter.id], reason: given, idempotencyKey }),
    );
    if (result.ok) setReason(null);
  };
  return (
    <Dialog open onOpenChange={(isOpen) => (isOpen ? undefined : close())}>
      <DialogContent
        width="lg"
        title={`Dead letter ${letter.key}`}
        description={`${letter.errorType}${letter.reason ? `: ${letter.reason}` : ''}`}
        footer={
          <>
            <DialogClose render={<Button>Close</Button>} />
            {reason === null ? (
              <Button onClick={() => setReason(letter.parked?.reason ?? '')}>Park it…</Button>
            ) : (
              <Button isPending={isPending} disabled={reason.trim() === ''} onClick={park}>
                Park it with this reason
              </Button>
            )}
            <Button variant="primary" isPending={isPending} onClick={retry}>
              Try it again
            </Button>
          </>
        }
      >
        <div className="flex flex-col gap-3">
          <FormError failure={failure} />
          {letter.parked ? (
            <p className="text-data">
              Parked by {letter.parked.by} <TimeAgo at={letter.parked.at} />: {letter.parked.reason}
            </p>
          ) : null}
          {reason === null ? null : (
            <TextareaField
              label="Why it may wait"
              hint="It stays dirty: it is read from the authority and holds every fence. Only the alert is silenced."
              value={reason}
              maxLength={500}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
          <BothImages query={query} itemKey={letter.key} />
        </div>
      </DialogContent>
    </Dialog>
  );
}
