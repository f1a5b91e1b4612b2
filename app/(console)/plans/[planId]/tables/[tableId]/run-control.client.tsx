'use client';

import { useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import { FormError } from '@/app/_ui/kit/form-error';
import { Button } from '@/app/_ui/primitives/button';
import { TextField } from '@/app/_ui/primitives/field';
import type { RunView } from '@/lib/contracts/views';
import { cancelRun, pauseRun, resumeRun, setRunLimit } from './actions';

const LIMIT_MIN = 1;
const LIMIT_MAX = 1_000_000;

/** Pause, resume and cancel of one run, and its rate while it runs. */
export function RunControl({ run }: { run: RunView }) {
  const { act, isPending, failure } = useAct();
  const isOpen = run.state === 'waiting' || run.state === 'running' || run.state === 'paused';
  if (!isOpen && !failure) return null;
  const call = (verb: typeof pauseRun) => act((idempotencyKey) => verb({ runId: run.id, idempotencyKey }));
  return (
    <div className="flex flex-col gap-3">
      <FormError failure={failure} />
      {isOpen ? (
        <div className="flex flex-wrap items-end gap-2">
          {run.state === 'paused' ? (
            <Button variant="primary" isPending={isPending} onClick={() => call(resumeRun)}>
              Resume the {run.kind}
            </Button>
          ) : (
            <Button isPending={isPending} onClick={() => call(pauseRun)}>
              Pause the {run.kind}
            </Button>
          )}
          <CancelButton run={run} isPending={isPending} onCancel={() => call(cancelRun)} />
          <RateLimit run={run} />
        </div>
      ) : null}
    </div>
  );
}

/** Cancelling loses the progress of the run, so it asks once more in the same place. */
function CancelButton({ run, isPending, onCancel }: { run: RunView; isPending: boolean; onCancel: () => void }) {
  const [isAsked, setIsAsked] = useState(false);
  if (!isAsked)
    return (
      <Button variant="ghost" onClick={() => setIsAsked(true)}>
        Cancel the {run.kind}
      </Button>
    );
  return (
    <span className="flex flex-wrap items-center gap-2">
      <Button variant="danger" isPending={isPending} onClick={onCancel}>
        Cancel it and begin anew later
      </Button>
      <Button variant="ghost" onClick={() => setIsAsked(false)}>
        Keep it
      </Button>
    </span>
  );
}

function RateLimit({ run }: { run: RunView }) {
  const { act, isPending, failure } = useAct();
  const [text, setText] = useState(run.itemsPerSecondMax === null ? '' : String(run.itemsPerSecondMax));
  const value = text.trim() === '' ? null : Number(text);
  const isRight = value === null || (Number.isInteger(value) && value >= LIMIT_MIN && value <= LIMIT_MAX);
  return (
    <form
      className="flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (isRight)
          void act((idempotencyKey) => setRunLimit({ runId: run.id, itemsPerSecondMax: value, idempotencyKey }));
      }}
    >
      <TextField
        className="w-64"
        label="Limit in items per second"
        hint="Empty: the connection's budget alone."
        name="itemsPerSecondMax"
        inputMode="numeric"
        autoComplete="off"
        value={text}
        onValueChange={(next) => setText(next)}
        error={
          isRight
            ? (failure?.message ?? null)
            : `A whole number from ${LIMIT_MIN} to ${LIMIT_MAX.toLocaleString('en-US')}.`
        }
      />
      <Button type="submit" isPending={isPending} disabled={!isRight || value === run.itemsPerSecondMax}>
        Set the limit
      </Button>
    </form>
  );
}
