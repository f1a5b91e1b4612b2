'use client';

import { useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import { useMe } from '@/app/_data/use-me';
import { FormError } from '@/app/_ui/kit/form-error';
import { formatShare } from '@/app/_ui/kit/format';
import { Button } from '@/app/_ui/primitives/button';
import { Dialog, DialogClose, DialogContent, DialogTrigger } from '@/app/_ui/primitives/dialog';
import { TextareaField, TextField } from '@/app/_ui/primitives/field';
import { setShadowShare } from './actions';

const REASON_CHARS_MAX = 500;
const MILLI_A_PERCENT = 1_000;
const PERCENT_MAX = 100;

/** Thousandths of a percent, or null where the text is no share. */
function milliOf(text: string): number | null {
  const percent = Number(text.trim().replace(',', '.'));
  const milli = Math.round(percent * MILLI_A_PERCENT);
  const isShare = text.trim() !== '' && percent >= 0 && percent <= PERCENT_MAX;
  return isShare && Math.abs(milli - percent * MILLI_A_PERCENT) < 1e-6 ? milli : null;
}

/** The share of reads that is repeated on the other store; taken at once by every gateway, with a reason. */
export function ShadowShare({ tableId, name, milli }: { tableId: string; name: string; milli: number }) {
  const role = useMe()?.role;
  const [isOpen, setIsOpen] = useState(false);
  const [text, setText] = useState('');
  const [reason, setReason] = useState('');
  const { act, isPending, failure } = useAct();
  if (role === undefined || role === 'viewer') return null;
  const wanted = milliOf(text);
  const open = (next: boolean) => {
    setText(String(milli / MILLI_A_PERCENT));
    setIsOpen(next);
  };
  const commit = async () => {
    if (wanted === null) return;
    const input = { tableId, shadowMilli: wanted, seenMilli: milli, reason: reason.trim() };
    const result = await act((idempotencyKey) => setShadowShare({ ...input, idempotencyKey }));
    if (!result.ok) return;
    setReason('');
    setIsOpen(false);
  };
  return (
    <Dialog open={isOpen} onOpenChange={open}>
      <DialogTrigger render={<Button>Change shadow reads</Button>} />
      <DialogContent
        title={`Shadow reads of ${name}`}
        description="Each repeated read is a request to the other store: it counts against its quota, and DynamoDB charges for it. Users wait for none of them, and answers do not change."
        footer={
          <>
            <DialogClose render={<Button>Keep {formatShare(milli)}</Button>} />
            <Button
              variant="primary"
              isPending={isPending}
              disabled={wanted === null || wanted === milli || reason.trim() === ''}
              onClick={commit}
            >
              {wanted === null ? 'Set the share' : `Repeat ${formatShare(wanted)} of reads`}
            </Button>
          </>
        }
      >
        <div className="flex flex-col gap-3">
          <FormError failure={failure} />
          <TextField
            className="w-64"
            label="Share of reads in percent"
            hint="0 turns shadow reads off; in steps of 0.001."
            name="shadowPercent"
            inputMode="decimal"
            autoComplete="off"
            value={text}
            onValueChange={(next) => setText(next)}
            error={wanted === null ? 'A number from 0 to 100, with at most three decimals.' : null}
          />
          <TextareaField
            label="Reason"
            hint="Stays in the record."
            name="reason"
            value={reason}
            maxLength={REASON_CHARS_MAX}
            onChange={(event) => setReason(event.target.value)}
          />
        </div>
      </DialogContent>
    </Dialog>
  );
}
