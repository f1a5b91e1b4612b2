'use client';

import { useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import { useMe } from '@/app/_data/use-me';
import type { ActionResult } from '@/app/_ui/action-result';
import { Banner } from '@/app/_ui/kit/banner';
import { FormError } from '@/app/_ui/kit/form-error';
import { GateList } from '@/app/_ui/kit/gate-list';
import { Button } from '@/app/_ui/primitives/button';
import { Dialog, DialogClose, DialogContent, DialogTrigger } from '@/app/_ui/primitives/dialog';
import { TextareaField, TextField } from '@/app/_ui/primitives/field';
import type { GatewayView, PassingView, WorkerView } from '@/lib/contracts/views';
import { ROLE_RANK } from '@/lib/domain/plan/moves';
import { attestGone, declareDead, withdrawWorker } from './actions';

interface Ask {
  button: string;
  title: string;
  says: React.ReactNode;
  commit: string;
  processId: string;
  name: string;
  conditions: PassingView['conditions'];
  /** Null: it may be done now. */
  blocked: string | null;
  act: (input: {
    processId: string;
    typedName: string;
    reason: string;
    idempotencyKey: string;
  }) => Promise<ActionResult<unknown>>;
}

/** What a person may do about a gateway that is silent or gone; nothing where there is nothing to do. */
export function GatewayPassing({ gateway }: { gateway: GatewayView }) {
  const { passing, id: processId, identity: name } = gateway;
  if (passing === null || passing.isDead) return null;
  const common = { processId, name, conditions: passing.conditions };
  if (!passing.isGone)
    return (
      <PassByDialog
        {...common}
        button="Its machine is gone…"
        title={`Attest that gateway ${name} is gone`}
        says={
          <>
            <p>
              Barriers pass it from now on, it may never register again under this identity, and every table on its way
              owes a verification. Fences and the beginning of a read shift still wait until it is proven that it can
              write nothing.
            </p>
            <p className="mt-2">
              Keys of the stores are shared by all gateways of a connection, so they are replaced for all and the old
              ones revoked: by Landfall where the store has a service that issues keys, else by you.
            </p>
          </>
        }
        commit="Attest that it is gone"
        blocked={null}
        act={attestGone}
      />
    );
  const unmet = passing.conditions.filter((one) => !one.met).length;
  return (
    <PassByDialog
      {...common}
      button="Declare dead…"
      title={`Declare gateway ${name} dead`}
      says="Fences pass it from now on. It returns only under a new identity."
      commit="Declare it dead"
      blocked={unmet === 0 ? null : `${unmet} of ${passing.conditions.length} conditions are not met yet.`}
      act={declareDead}
    />
  );
}

export function WorkerPassing({ worker }: { worker: WorkerView }) {
  if (!worker.isSilent) return null;
  return (
    <PassByDialog
      button="It has ended…"
      title={`Worker ${worker.id} has ended`}
      says="It counts at fences until every key that it may know is replaced for all, revoked and refused; then it is recorded as ended. A worker on the same machine, or its supervisor, would have recorded it by itself."
      commit="Take its keys away"
      processId={worker.id}
      name={worker.id}
      conditions={[]}
      blocked={null}
      act={withdrawWorker}
    />
  );
}

function PassByDialog(ask: Ask) {
  const me = useMe();
  const [isOpen, setIsOpen] = useState(false);
  const isApprover = me !== null && ROLE_RANK[me.role] >= ROLE_RANK.approver;
  return (
    <Dialog open={isOpen} onOpenChange={setIsOpen}>
      <DialogTrigger render={<Button size="sm">{ask.button}</Button>} />
      {isOpen ? (
        <PassByWindow
          {...ask}
          blocked={isApprover ? ask.blocked : 'This needs an approver.'}
          close={() => setIsOpen(false)}
        />
      ) : null}
    </Dialog>
  );
}

function PassByWindow(ask: Ask & { close: () => void }) {
  const { act, isPending, failure } = useAct();
  const [typedName, setTypedName] = useState('');
  const [reason, setReason] = useState('');
  const commit = async () => {
    const { processId } = ask;
    const result = await act((idempotencyKey) => ask.act({ processId, typedName, reason, idempotencyKey }));
    if (result.ok) ask.close();
  };
  return (
    <DialogContent
      title={ask.title}
      footer={
        <>
          <DialogClose render={<Button>Keep as it is</Button>} />
          <Button
            variant="danger"
            isPending={isPending}
            disabled={ask.blocked !== null}
            focusableWhenDisabled
            onClick={commit}
          >
            {ask.commit}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <FormError failure={failure} />
        {ask.blocked ? <Banner tone="warn" title={ask.blocked} /> : null}
        <div>{ask.says}</div>
        {ask.conditions.length > 0 ? (
          <section>
            <h3 className="font-medium text-data text-muted">Before fences pass it</h3>
            <GateList
              label="Conditions"
              gates={ask.conditions.map((one) => ({ ...one, gate: one.condition, limit: '' }))}
            />
          </section>
        ) : null}
        <TextareaField
          label="Reason"
          hint="Kept with your name in the record."
          name="reason"
          value={reason}
          maxLength={500}
          onChange={(event) => setReason(event.target.value)}
          error={failure?.fields?.reason}
        />
        <TextField
          label={
            <>
              Type <code className="font-mono">{ask.name}</code> to commit
            </>
          }
          name="typedName"
          autoComplete="off"
          spellCheck={false}
          value={typedName}
          onValueChange={(value) => setTypedName(value)}
          error={failure?.fields?.typedName}
        />
      </div>
    </DialogContent>
  );
}
