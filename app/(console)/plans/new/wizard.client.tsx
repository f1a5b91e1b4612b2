'use client';

import { Check } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import { routes } from '@/app/_routes/routes';
import { cn } from '@/app/_ui/cn';
import { FormError } from '@/app/_ui/kit/form-error';
import { PageHead } from '@/app/_ui/kit/page-head';
import { Button } from '@/app/_ui/primitives/button';
import { createPlan, dropDraft, saveDraft } from './actions';
import { ConnectionsStep } from './connections-step.client';
import { draftFrom, gapsOf, inputOf, type PlanDraft, STEPS, type StepName } from './draft';
import { ReviewStep } from './review-step.client';
import { StrategyStep } from './strategy-step.client';
import { TablesStep } from './tables-step.client';

const SAVE_AFTER_MS = 600;

const TITLE: Record<StepName, string> = {
  strategy: 'Strategy',
  connections: 'Connections',
  tables: 'Tables',
  review: 'Review',
};

/** A plan in four steps; making it touches nothing in production. Assessment and forecast follow on its own page. */
export function Wizard({ initial }: { initial: PlanDraft }) {
  const router = useRouter();
  const [draft, setDraft] = useState(initial);
  const saved = useAutosave(draft);
  const { act, isPending, failure } = useAct();
  const heading = useRef<HTMLHeadingElement>(null);
  const gaps = gapsOf(draft);
  const change = (next: Partial<PlanDraft>) => setDraft((was) => ({ ...was, ...next }));
  const go = (step: StepName) => {
    change({ step });
    // The heading of the new step, so that a keyboard and a screen reader start where it starts.
    requestAnimationFrame(() => heading.current?.focus());
  };
  const at = STEPS.indexOf(draft.step);
  const isWhole = STEPS.every((step) => gaps[step].length === 0);
  const create = async () => {
    const result = await act((idempotencyKey) => createPlan(inputOf(draft), idempotencyKey));
    if (result.ok) router.push(routes.planAssessment(result.data.planId));
  };
  const startOver = async () => {
    setDraft(draftFrom(null));
    await dropDraft();
  };
  return (
    <div className="flex flex-col gap-4">
      <PageHead
        title="New plan"
        note="Making a plan touches nothing in production. It is assessed against both stores right after."
        actions={
          <>
            <span role="status" className="text-caption text-muted">
              {saved}
            </span>
            <Button variant="ghost" onClick={startOver}>
              Start over
            </Button>
          </>
        }
      />
      <Stepper current={draft.step} gaps={gaps} go={go} />
      <section aria-labelledby="step" className="flex flex-col gap-4">
        <h2 id="step" ref={heading} tabIndex={-1} className="font-semibold text-section outline-none">
          {at + 1}. {TITLE[draft.step]}
        </h2>
        <FormError failure={failure} />
        {draft.step === 'strategy' ? <StrategyStep draft={draft} change={change} /> : null}
        {draft.step === 'connections' ? <ConnectionsStep draft={draft} change={change} /> : null}
        {draft.step === 'tables' ? <TablesStep draft={draft} change={change} /> : null}
        {draft.step === 'review' ? <ReviewStep draft={draft} change={change} gaps={gaps} go={go} /> : null}
      </section>
      <div className="flex flex-wrap gap-2 border-border border-t pt-4">
        {at > 0 ? (
          <Button onClick={() => go(STEPS[at - 1]!)}>Back to {TITLE[STEPS[at - 1]!].toLowerCase()}</Button>
        ) : null}
        {draft.step === 'review' ? (
          <Button variant="primary" isPending={isPending} disabled={!isWhole} onClick={create}>
            Make the plan and assess it
          </Button>
        ) : (
          <Button variant="primary" onClick={() => go(STEPS[at + 1]!)}>
            Go on to {TITLE[STEPS[at + 1]!].toLowerCase()}
          </Button>
        )}
      </div>
    </div>
  );
}

function useAutosave(draft: PlanDraft): string {
  const [said, setSaid] = useState('');
  const kept = useRef(draft);
  const latest = useRef(draft);
  useEffect(() => {
    latest.current = draft;
    if (kept.current === draft) return;
    setSaid('Keeping the draft…');
    // What came of an older one says nothing of what stands on the page now.
    const sayOf = (text: string) => {
      if (latest.current === draft) setSaid(text);
    };
    const timer = setTimeout(() => {
      kept.current = draft;
      saveDraft(draft).then(
        (result) => sayOf(result.ok ? 'Draft kept' : `Draft not kept: ${result.message}`),
        () => sayOf('Draft not kept: the console does not answer'),
      );
    }, SAVE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [draft]);
  return said;
}

function Stepper({
  current,
  gaps,
  go,
}: {
  current: StepName;
  gaps: Record<StepName, string[]>;
  go: (step: StepName) => void;
}) {
  return (
    <nav aria-label="Steps">
      <ol className="flex flex-wrap gap-2">
        {STEPS.map((step, index) => {
          const isDone = gaps[step].length === 0;
          return (
            <li key={step}>
              <button
                type="button"
                aria-current={step === current ? 'step' : undefined}
                onClick={() => go(step)}
                className={cn(
                  'inline-flex min-h-8 items-center gap-2 rounded-control border px-3 font-medium text-data',
                  step === current
                    ? 'border-accent bg-active-tint text-active-fg'
                    : 'border-border text-text-2 hover:bg-sunken',
                )}
              >
                {isDone ? <Check aria-hidden className="size-3.5 text-ok-fg" /> : <span>{index + 1}</span>}
                {TITLE[step]}
                <span className="sr-only">{isDone ? ', complete' : ', not complete'}</span>
              </button>
            </li>
          );
        })}
        <li className="inline-flex min-h-8 items-center px-1 text-caption text-muted">
          then: assessment and forecast of the plan that was made
        </li>
      </ol>
    </nav>
  );
}
