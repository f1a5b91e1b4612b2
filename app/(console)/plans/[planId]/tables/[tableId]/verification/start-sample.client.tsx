'use client';

import { useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import { FormError } from '@/app/_ui/kit/form-error';
import { formatCount } from '@/app/_ui/kit/format';
import { Button } from '@/app/_ui/primitives/button';
import { Dialog, DialogClose, DialogContent } from '@/app/_ui/primitives/dialog';
import { TextField } from '@/app/_ui/primitives/field';
import { SAMPLE_ITEMS_MAX, SAMPLE_ITEMS_MIN, sayShare, upperBound } from '@/lib/domain/run/sample';
import { startVerification } from '../actions';

const SAMPLE_ITEMS = 100_000;
const STOP_AFTER = 1_000;

/** A verification with a choice: how many items, and when it has seen enough differences. */
export function StartSample({ tableId, isDisabled }: { tableId: string; isDisabled: boolean }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button disabled={isDisabled} onClick={() => setIsOpen(true)}>
        Verify a sample…
      </Button>
      {isOpen ? <SampleDialog tableId={tableId} close={() => setIsOpen(false)} /> : null}
    </>
  );
}

const wholeOf = (text: string): number | null => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : null);

function SampleDialog({ tableId, close }: { tableId: string; close: () => void }) {
  const { act, isPending, failure } = useAct();
  const [items, setItems] = useState(String(SAMPLE_ITEMS));
  const [stop, setStop] = useState(String(STOP_AFTER));
  const [sampleItems, mismatchesMax] = [wholeOf(items), wholeOf(stop)];
  const isSample = sampleItems !== null && sampleItems >= SAMPLE_ITEMS_MIN && sampleItems <= SAMPLE_ITEMS_MAX;
  const isStop = mismatchesMax !== null && mismatchesMax >= 1;
  const start = async () => {
    if (!isSample || !isStop) return;
    const result = await act((idempotencyKey) =>
      startVerification({ tableId, sampleItems, mismatchesMax, idempotencyKey }),
    );
    if (result.ok) close();
  };
  return (
    <Dialog open onOpenChange={(isOpen) => (isOpen ? undefined : close())}>
      <DialogContent
        title="Verify a sample"
        description="Every key of both sides is read, and the items of the drawn keys are compared. No gate takes it for a full verification; what it finds counts all the same."
        footer={
          <>
            <DialogClose render={<Button>Close</Button>} />
            <Button variant="primary" isPending={isPending} disabled={!isSample || !isStop} onClick={start}>
              Start the sample
            </Button>
          </>
        }
      >
        <div className="flex flex-col gap-3">
          <FormError failure={failure} />
          <TextField
            label="Items to compare, about"
            hint={
              isSample
                ? `If none differs: at most ${sayShare(upperBound({ compared: sampleItems, different: 0 }))} of all items do, with 95 % confidence. A smaller table is compared in full.`
                : 'The more, the closer the bound.'
            }
            name="sampleItems"
            inputMode="numeric"
            autoComplete="off"
            value={items}
            onValueChange={(next) => setItems(next)}
            error={
              isSample
                ? null
                : `A whole number from ${formatCount(SAMPLE_ITEMS_MIN)} to ${formatCount(SAMPLE_ITEMS_MAX)}.`
            }
          />
          <TextField
            label="Stop after so many mismatches"
            hint="A run that stopped says nothing of what it did not compare."
            name="mismatchesMax"
            inputMode="numeric"
            autoComplete="off"
            value={stop}
            onValueChange={(next) => setStop(next)}
            error={isStop ? null : 'A whole number from 1 on.'}
          />
        </div>
      </DialogContent>
    </Dialog>
  );
}
