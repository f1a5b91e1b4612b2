'use client';

import { Pause, Play } from 'lucide-react';
import { useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import { FormError } from '@/app/_ui/kit/form-error';
import { Button } from '@/app/_ui/primitives/button';
import { Dialog, DialogClose, DialogContent, DialogTrigger } from '@/app/_ui/primitives/dialog';
import { TextareaField } from '@/app/_ui/primitives/field';
import type { TableView } from '@/lib/contracts/views';
import { holdTable, resumeTable } from './actions';

const REASON_CHARS_MAX = 500;
const ENDED = new Set<TableView['stage']>(['planned', 'backup', 'retired']);

/** Pauses a table where it is (routing stays as it is) or lets it go on; both are in the record with their reason. */
export function HoldControl({ table }: { table: TableView }) {
  const [isOpen, setIsOpen] = useState(false);
  const [reason, setReason] = useState('');
  const { act, isPending, failure } = useAct();
  const isHeld = table.hold?.kind === 'operator' || table.hold?.kind === 'fault';
  if (ENDED.has(table.stage) && !isHeld) return null;
  const verb = isHeld ? 'Resume' : 'Pause';
  const commit = async () => {
    const result = await act((idempotencyKey) =>
      (isHeld ? resumeTable : holdTable)({ tableId: table.tableId, reason: reason.trim(), idempotencyKey }),
    );
    if (!result.ok) return;
    setReason('');
    setIsOpen(false);
  };
  return (
    <Dialog open={isOpen} onOpenChange={setIsOpen}>
      <DialogTrigger
        render={
          <Button>
            {isHeld ? <Play aria-hidden /> : <Pause aria-hidden />}
            {verb}
          </Button>
        }
      />
      <DialogContent
        title={`${verb} ${table.name}`}
        description={
          isHeld
            ? 'Runs go on where they stopped, and moves forward are possible again.'
            : 'Runs stop after their page and no move forward is made. Traffic, dual write and settling go on as they are; going back stays possible.'
        }
        footer={
          <>
            <DialogClose render={<Button>Keep as it is</Button>} />
            <Button variant="primary" isPending={isPending} disabled={reason.trim() === ''} onClick={commit}>
              {verb} {table.name}
            </Button>
          </>
        }
      >
        <FormError failure={failure} />
        <TextareaField
          label="Reason"
          hint="Shown to everybody who looks at this table."
          name="reason"
          value={reason}
          maxLength={REASON_CHARS_MAX}
          onChange={(event) => setReason(event.target.value)}
        />
      </DialogContent>
    </Dialog>
  );
}
