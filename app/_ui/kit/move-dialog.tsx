'use client';

import { type RefObject, useEffect, useRef, useState } from 'react';
import { type ActionFailure, type ActionResult, newIdempotencyKey, UNANSWERED } from '../action-result';
import { Button } from '../primitives/button';
import { Dialog, DialogClose, DialogContent, DialogTrigger } from '../primitives/dialog';
import { TextareaField, TextField } from '../primitives/field';
import { Skeleton } from '../primitives/skeleton';
import { Banner } from './banner';
import { FormError } from './form-error';
import { type GateLine, GateList } from './gate-list';
import { useLastWord } from './use-last-word';

const REASON_CHARS_MAX = 500;
const GATES_EVERY_MS = 2_000;
const APPROVAL_GATES = new Set(['approval_given']);

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
  /** Why it may not be committed now although the plan can be read, such as a screen that is not current. */
  blocked?: string | null;
  /** Present for whoever may give the second yes: approves exactly the dry run that is shown. */
  onApprove?: (approval: { planHash: string; note: string; idempotencyKey: string }) => Promise<ActionResult>;
  /** What else decides the dry run; another text has it made anew. */
  planKey?: string;
  children?: React.ReactNode;
}

/** Draft, plan, reason, commit. Stays open on a refusal and shows it; the focus starts on the way out. */
export function MoveDialog({ trigger, open: given, onOpenChange, ...props }: MoveDialogProps) {
  const [own, setOwn] = useState(false);
  const isOpen = given ?? own;
  const isLeft = useRef(false);
  const change = (next: boolean) => {
    isLeft.current = !next;
    setOwn(next);
    onOpenChange?.(next);
  };
  return (
    <Dialog open={isOpen} onOpenChange={change}>
      {trigger ? <DialogTrigger render={trigger} /> : null}
      {isOpen ? <MoveWindow {...props} isLeft={isLeft} close={() => change(false)} /> : null}
    </Dialog>
  );
}

function useDryRun(load: MoveDialogProps['loadDryRun'], planKey: string) {
  const [answer, setAnswer] = useState<ActionResult<DryRun> | null>(null);
  const [round, setRound] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` and `planKey` ask for the plan anew.
  useEffect(() => {
    let isCurrent = true;
    loader.current().then(
      (next) => isCurrent && setAnswer(next),
      () => isCurrent && setAnswer(UNANSWERED),
    );
    return () => {
      isCurrent = false;
    };
  }, [round, planKey]);
  return { answer, reload: () => setRound((count) => count + 1) };
}

/** Looks at unmet gates again while the dialog stands open: what they wait for may come true meanwhile. */
function useGatesAnew(isWaiting: boolean, reload: () => void) {
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setInterval(() => latest.current(), GATES_EVERY_MS);
    return () => clearInterval(timer);
  }, [isWaiting]);
}

type WindowProps = Omit<MoveDialogProps, 'trigger' | 'open' | 'onOpenChange'> & {
  close: () => void;
  isLeft: RefObject<boolean>;
};

function MoveWindow(props: WindowProps) {
  const { title, commitLabel, confirm, typedName = '', tone = 'primary' } = props;
  const leave = useRef<HTMLButtonElement>(null);
  const key = useRef(newIdempotencyKey());
  const { answer, reload } = useDryRun(props.loadDryRun, props.planKey ?? '');
  const [reason, setReason] = useState('');
  const [name, setName] = useState('');
  const [failure, setFailure] = useState<ActionFailure | null>(null);
  const [isPending, setIsPending] = useState(false);
  const say = useLastWord(props.isLeft);
  const plan = answer?.ok ? answer.data : null;
  const unmet = plan?.gates.filter((gate) => !gate.met) ?? [];
  const { blocked = null, onApprove } = props;
  useGatesAnew(unmet.length > 0 && !isPending, reload);
  const isApprovable = plan !== null && onApprove !== undefined && unmet.some((gate) => APPROVAL_GATES.has(gate.gate));

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
    // An answer that was lost is no refusal: it says itself that nobody knows.
    say(result === UNANSWERED ? null : result);
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
            disabled={!plan || unmet.length > 0 || blocked !== null}
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
        {blocked ? <Banner tone="warn" title={blocked} /> : null}
        {answer && !answer.ok ? (
          <>
            <FormError failure={answer} title="The plan could not be made" />
            <Button className="self-start" onClick={reload}>
              Make the plan again
            </Button>
          </>
        ) : null}
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
        {isApprovable ? <Approve plan={plan} onApprove={onApprove} onDone={reload} /> : null}
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

/** The second yes, bound to the hash of the dry run above it. */
function Approve({
  plan,
  onApprove,
  onDone,
}: {
  plan: DryRun;
  onApprove: NonNullable<MoveDialogProps['onApprove']>;
  onDone: () => void;
}) {
  const key = useRef(newIdempotencyKey());
  const [note, setNote] = useState('');
  const [failure, setFailure] = useState<ActionFailure | null>(null);
  const [isPending, setIsPending] = useState(false);
  const [approved, setApproved] = useState<string | null>(null);
  const approve = async () => {
    setIsPending(true);
    const result = await onApprove({
      planHash: plan.hash,
      note: note.trim(),
      idempotencyKey: key.current,
    }).catch((): ActionFailure => UNANSWERED);
    setIsPending(false);
    setFailure(result.ok ? null : result);
    if (result.ok || result !== UNANSWERED) key.current = newIdempotencyKey();
    if (!result.ok) return;
    setApproved(plan.hash);
    onDone();
  };
  // For who approved, the gate stays unmet: somebody else has to commit. So say that it is done.
  if (approved === plan.hash)
    return (
      <Banner tone="ok" isUrgent title="You approved exactly these steps">
        Somebody else can commit them now. If a step changes, they need a new approval.
      </Banner>
    );
  return (
    <section className="flex flex-col gap-2 rounded-card border border-border p-3">
      <h3 className="font-medium text-data">The second yes</h3>
      <p className="text-data text-text-2">
        An approval holds for exactly the steps above. Whoever approved cannot be the one who commits.
      </p>
      <FormError failure={failure} />
      <TextField
        label="Note"
        isOptional
        name="note"
        value={note}
        maxLength={REASON_CHARS_MAX}
        onValueChange={(value) => setNote(value)}
      />
      <Button className="self-start" isPending={isPending} onClick={approve}>
        Approve this dry run
      </Button>
    </section>
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
