'use client';

import { useEffect, useRef, useState } from 'react';
import { type ActionFailure, type ActionResult, newIdempotencyKey, UNANSWERED } from '../action-result';
import { Button } from '../primitives/button';
import { Dialog, DialogClose, DialogContent, DialogTrigger } from '../primitives/dialog';
import { TextareaField, TextField } from '../primitives/field';
import { Skeleton } from '../primitives/skeleton';
import { FormError } from './form-error';
import { type GateLine, GateList } from './gate-list';

const REASON_CHARS_MAX = 500;

export interface PlanLine {
  key: string;
  label: string;
  detail?: string;
}

/** The dry run: what the act will do, in order. Its hash is presented with the act, which then does exactly this. */
export interface DryRun {
  hash: string;
  steps: readonly PlanLine[];
  gates: readonly GateLine[];
}

export interface MoveCommit {
  reason: string;
  typedName: string;
  planHash: string;
  idempotencyKey: string;
}

interface MoveDialogProps {
  /** Verb and object: "Shift reads of orders to 10 %". */
  title: string;
  /** The effect once more, on the button that does it. */
  commitLabel: string;
  usersNotice: string;
  undo: string;
  confirm: 'none' | 'reason' | 'typed_name';
  typedName?: string;
  /** Fetches the plan afresh each time the dialog opens. */
  loadDryRun: () => Promise<ActionResult<DryRun>>;
  onCommit: (commit: MoveCommit) => Promise<ActionResult>;
  onDone?: () => void;
  trigger?: React.ReactElement;
  open?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
  tone?: 'primary' | 'danger' | 'back';
  children?: React.ReactNode;
}

/** Draft, plan, reason, commit. Stays open on a refusal and shows it; the focus starts on the way out. */
export function MoveDialog({ trigger, open: given, onOpenChange, ...props }: MoveDialogProps) {
  const [own, setOwn] = useState(false);
  const isOpen = given ?? own;
  const change = (next: boolean) => {
    setOwn(next);
    onOpenChange?.(next);
  };
  return (
    <Dialog open={isOpen} onOpenChange={change}>
      {trigger ? <DialogTrigger render={trigger} /> : null}
      {isOpen ? <MoveWindow {...props} close={() => change(false)} /> : null}
    </Dialog>
  );
}

function useDryRun(load: MoveDialogProps['loadDryRun']) {
  const [answer, setAnswer] = useState<ActionResult<DryRun> | null>(null);
  const [round, setRound] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` asks for the plan anew.
  useEffect(() => {
    let isCurrent = true;
    loader.current().then(
      (next) => isCurrent && setAnswer(next),
      () => isCurrent && setAnswer(UNANSWERED),
    );
    return () => {
      isCurrent = false;
    };
  }, [round]);
  return { answer, reload: () => setRound((count) => count + 1) };
}

function MoveWindow(props: Omit<MoveDialogProps, 'trigger' | 'open' | 'onOpenChange'> & { close: () => void }) {
  const { title, commitLabel, confirm, typedName = '', tone = 'primary' } = props;
  const leave = useRef<HTMLButtonElement>(null);
  const key = useRef(newIdempotencyKey());
  const { answer, reload } = useDryRun(props.loadDryRun);
  const [reason, setReason] = useState('');
  const [name, setName] = useState('');
  const [failure, setFailure] = useState<ActionFailure | null>(null);
  const [isPending, setIsPending] = useState(false);
  const plan = answer?.ok ? answer.data : null;
  const unmet = plan?.gates.filter((gate) => !gate.met) ?? [];

  const check = (): ActionFailure | null => {
    const fields: Record<string, string[]> = {};
    if (confirm !== 'none' && reason.trim() === '') fields.reason = ['Say why; it stays in the record.'];
    if (confirm === 'typed_name' && name !== typedName) fields.typedName = [`Type ${typedName} exactly.`];
    if (Object.keys(fields).length === 0) return null;
    return { ok: false, code: 'input.invalid', message: 'Something is missing.', fields };
  };
  const commit = async () => {
    const wrong = check();
    setFailure(wrong);
    if (wrong || !plan) return;
    setIsPending(true);
    let result: ActionResult;
    try {
      result = await props.onCommit({
        reason: reason.trim(),
        typedName: name,
        planHash: plan.hash,
        idempotencyKey: key.current,
      });
      // A definite refusal changed nothing, so the next try is a new request; a lost answer must stay the same one.
      if (!result.ok) key.current = newIdempotencyKey();
    } catch {
      result = UNANSWERED;
    }
    setIsPending(false);
    if (result.ok) {
      props.close();
      props.onDone?.();
      return;
    }
    setFailure(result);
    reload();
  };

  return (
    <DialogContent
      title={title}
      initialFocus={leave}
      footer={
        <>
          <DialogClose ref={leave} render={<Button>Keep as it is</Button>} />
          <Button
            variant={tone}
            isPending={isPending}
            disabled={!plan || unmet.length > 0}
            focusableWhenDisabled
            onClick={commit}
          >
            {isPending ? 'Working…' : commitLabel}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <FormError failure={failure} />
        {answer && !answer.ok ? <FormError failure={answer} title="The plan could not be made" /> : null}
        {unmet.length > 0 ? (
          <section>
            <h3 className="font-medium text-bad-fg text-data">Not allowed yet</h3>
            <GateList gates={unmet} label="Unmet gates" />
          </section>
        ) : null}
        <section>
          <h3 className="font-medium text-data text-muted">What will happen</h3>
          {plan ? <Steps steps={plan.steps} /> : answer === null ? <Skeleton className="mt-2 h-20" /> : null}
        </section>
        <section>
          <h3 className="font-medium text-data text-muted">What users will notice</h3>
          <p>{props.usersNotice}</p>
        </section>
        <section>
          <h3 className="font-medium text-data text-muted">How to undo it</h3>
          <p>{props.undo}</p>
        </section>
        {props.children}
        {confirm !== 'none' ? (
          <TextareaField
            label="Reason"
            hint="Kept with your name in the record of this plan."
            name="reason"
            value={reason}
            maxLength={REASON_CHARS_MAX}
            onChange={(event) => setReason(event.target.value)}
            error={failure?.fields?.reason}
          />
        ) : null}
        {confirm === 'typed_name' ? (
          <TextField
            label={
              <>
                Type <code className="font-mono">{typedName}</code> to commit
              </>
            }
            name="typedName"
            autoComplete="off"
            spellCheck={false}
            value={name}
            onValueChange={(value) => setName(value)}
            error={failure?.fields?.typedName}
          />
        ) : null}
      </div>
    </DialogContent>
  );
}

function Steps({ steps }: { steps: readonly PlanLine[] }) {
  return (
    <ol className="mt-1 flex flex-col gap-1">
      {steps.map((step, index) => (
        <li key={step.key} className="flex gap-2">
          <span className="w-5 shrink-0 text-right text-muted tabular-nums">{index + 1}.</span>
          <span className="min-w-0">
            {step.label}
            {step.detail ? <span className="block text-caption text-muted">{step.detail}</span> : null}
          </span>
        </li>
      ))}
    </ol>
  );
}
