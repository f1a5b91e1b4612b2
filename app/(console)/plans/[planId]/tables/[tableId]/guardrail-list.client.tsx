'use client';

import { useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import { useMe } from '@/app/_data/use-me';
import { FormError } from '@/app/_ui/kit/form-error';
import { formatDuration } from '@/app/_ui/kit/format';
import { Badge } from '@/app/_ui/primitives/badge';
import { Button } from '@/app/_ui/primitives/button';
import { Dialog, DialogClose, DialogContent, DialogTrigger } from '@/app/_ui/primitives/dialog';
import { Field, TextareaField } from '@/app/_ui/primitives/field';
import { Select } from '@/app/_ui/primitives/select';
import type { GuardrailView, TableView } from '@/lib/contracts/views';
import { setGuardMode } from './traffic/actions';

type Mode = GuardrailView['mode'];

const REASON_CHARS_MAX = 500;
const STATE = {
  ok: { tone: 'ok', word: 'green' },
  warn: { tone: 'warn', word: 'warns' },
  tripped: { tone: 'bad', word: 'tripped' },
  not_enough: { tone: 'idle', word: 'not enough data' },
  no_data: { tone: 'idle', word: 'no data' },
  off: { tone: 'idle', word: 'off' },
} as const;
const ACTION_SAYS = {
  none: null,
  warn: null,
  pause: 'no move forward',
  roll_back: 'asks for reads back',
} as const;
const MODE_SAYS: Record<Mode, string> = {
  on: 'takes reads back by itself',
  dry: 'dry run: only says when it would take reads back',
  off: 'off: not looked at',
};

/** What a rule does beside holding moves forward; one without a choice only does that. */
const modeOf = (rail: GuardrailView): string => (rail.modes.length === 1 ? 'only holds moves' : MODE_SAYS[rail.mode]);

/** Guardrails as sentences: state, what was observed, limit, window, and what each may do by itself. */
export function GuardrailList({ table, isChangeable = false }: { table: TableView; isChangeable?: boolean }) {
  const role = useMe()?.role;
  const mayChange = isChangeable && (role === 'approver' || role === 'admin');
  if (table.guardrails.length === 0) return <p className="text-data text-muted">None applies in this stage.</p>;
  return (
    <ul aria-label={`Guardrails of ${table.name}`} className="flex flex-col">
      {table.guardrails.map((rail) => (
        <li
          key={rail.name}
          className="flex flex-wrap items-start gap-x-3 gap-y-1 border-border border-b py-2 last:border-b-0 sm:flex-nowrap"
        >
          <Badge tone={STATE[rail.state].tone}>{STATE[rail.state].word}</Badge>
          <div className="min-w-0 flex-1 basis-56">
            <p className="text-data">
              {rail.sentence}
              {ACTION_SAYS[rail.action] ? <strong className="font-medium"> {ACTION_SAYS[rail.action]}</strong> : null}
            </p>
            <p className="text-caption text-muted">
              observed <span className="text-text-2">{rail.observed}</span> · limit{' '}
              <span className="text-text-2">{rail.limit}</span> · over {formatDuration(rail.windowMs)} · {modeOf(rail)}
            </p>
          </div>
          {mayChange && rail.modes.length > 1 ? <ModeControl tableId={table.tableId} rail={rail} /> : null}
        </li>
      ))}
    </ul>
  );
}

/** How far one rule goes by itself; an approver's choice, with a reason. */
function ModeControl({ tableId, rail }: { tableId: string; rail: GuardrailView }) {
  const [isOpen, setIsOpen] = useState(false);
  const [mode, setMode] = useState<Mode>(rail.mode);
  const [reason, setReason] = useState('');
  const { act, isPending, failure } = useAct();
  const commit = async () => {
    const input = { tableId, rule: rail.name, mode, reason: reason.trim() };
    const result = await act((idempotencyKey) => setGuardMode({ ...input, idempotencyKey }));
    if (!result.ok) return;
    setReason('');
    setIsOpen(false);
  };
  const open = (next: boolean) => {
    setMode(rail.mode);
    setIsOpen(next);
  };
  return (
    <Dialog open={isOpen} onOpenChange={open}>
      <DialogTrigger
        render={
          <Button size="sm" variant="ghost">
            Change<span className="sr-only"> {rail.title}</span>
          </Button>
        }
      />
      <DialogContent
        title={`Guardrail: ${rail.title}`}
        description="A rule that is tripped holds moves forward in every mode but off. The mode says whether it also takes reads back to DynamoDB by itself."
        footer={
          <>
            <DialogClose render={<Button>Keep as it is</Button>} />
            <Button
              variant="primary"
              isPending={isPending}
              disabled={reason.trim() === '' || mode === rail.mode}
              onClick={commit}
            >
              Set the mode
            </Button>
          </>
        }
      >
        <div className="flex flex-col gap-3">
          <FormError failure={failure} />
          <Field label="Mode" hint={`Limit: ${rail.limit}.`}>
            <Select<Mode>
              aria-label={`Mode of ${rail.title}`}
              value={mode}
              onValueChange={(next) => setMode(next ?? rail.mode)}
              choices={rail.modes.map((value) => ({ value, label: MODE_SAYS[value] }))}
            />
          </Field>
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
