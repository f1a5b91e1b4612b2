'use client';

import { Check, PenLine, X } from 'lucide-react';
import { useState } from 'react';
import { useAct } from '@/app/_data/use-act';
import { routes } from '@/app/_routes/routes';
import { Banner } from '@/app/_ui/kit/banner';
import { FormError } from '@/app/_ui/kit/form-error';
import { StatusBadge } from '@/app/_ui/kit/status-badge';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Button } from '@/app/_ui/primitives/button';
import { ButtonLink } from '@/app/_ui/primitives/button-link';
import { Card } from '@/app/_ui/primitives/card';
import { TextareaField, TextField } from '@/app/_ui/primitives/field';
import type { ChecklistItemView } from '@/lib/contracts/views';
import { keepRollbackDocument, keepTrainedPeople, signOffItem } from './actions';

const NOTE_CHARS_MAX = 500;
const TEXT_CHARS_MAX = 10_000;

const SUPPLY = {
  rollback_document: {
    label: 'How to roll back, step by step',
    hint: 'Who does what, in which order, and how they see that it worked. A link to your own document is fine.',
    button: 'Keep the procedure',
    keep: keepRollbackDocument,
  },
  trained_people: {
    label: 'Who was trained on this dashboard',
    hint: 'Names, separated by commas.',
    button: 'Keep the names',
    keep: keepTrainedPeople,
  },
} as const;

function displayOf(item: ChecklistItemView) {
  if (item.signOff) return { label: 'Signed', tone: 'ok', icon: 'check' } as const;
  if (item.lapsed) return { label: 'Lapsed', tone: 'bad', icon: 'cross' } as const;
  if (item.factMet) return { label: 'Ready to sign', tone: 'active', icon: 'contrast' } as const;
  return { label: 'Not yet', tone: 'idle', icon: 'circle-dashed' } as const;
}

export function ChecklistItem({ planId, item, number }: { planId: string; item: ChecklistItemView; number: number }) {
  return (
    <Card title={`${number}. ${item.title}`} actions={<StatusBadge display={displayOf(item)} />}>
      <div className="flex flex-col gap-3">
        {item.lapsed && !item.signOff ? (
          <Banner tone="bad" title={`The signature of ${item.lapsed.by} lapsed: ${item.lapsed.reason}`}>
            Signed <TimeAgo at={item.lapsed.at} />, lapsed <TimeAgo at={item.lapsed.lapsedAt} />.
          </Banner>
        ) : null}
        <Evidence item={item} />
        <Supply planId={planId} item={item} />
        {item.signOff ? (
          <p className="text-data">
            Signed by <span className="font-medium">{item.signOff.by}</span> <TimeAgo at={item.signOff.at} />
            {item.signOff.note ? <>: “{item.signOff.note}”</> : null}
          </p>
        ) : (
          <Sign planId={planId} item={item} />
        )}
      </div>
    </Card>
  );
}

function Evidence({ item }: { item: ChecklistItemView }) {
  if (item.evidence.length === 0) return null;
  return (
    <ul aria-label={`Evidence of ${item.title}`} className="flex flex-col">
      {item.evidence.map((fact) => (
        <li key={fact.label} className="flex items-start gap-2 border-border border-b py-1.5 text-data last:border-b-0">
          <span
            className={`mt-px grid size-5 shrink-0 place-items-center rounded-control ${fact.met ? 'bg-ok-tint text-ok-fg' : 'bg-bad-tint text-bad-fg'}`}
          >
            {fact.met ? <Check aria-hidden className="size-3.5" /> : <X aria-hidden className="size-3.5" />}
            <span className="sr-only">{fact.met ? 'Met:' : 'Not met:'}</span>
          </span>
          <span className="min-w-0">
            {fact.label}: <span className="break-words text-text-2">{fact.value}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

/** What only a person can give: a document, names, a test of the alerts. */
function Supply({ planId, item }: { planId: string; item: ChecklistItemView }) {
  const { act, isPending, failure } = useAct();
  const [text, setText] = useState(item.supplied ?? '');
  if (item.asks === 'nothing') return null;
  if (item.asks === 'alert')
    return (
      <ButtonLink className="self-start" href={routes.alerts()}>
        Alert destinations and their tests
      </ButtonLink>
    );
  const asks = item.asks;
  const words = SUPPLY[asks];
  return (
    <form
      data-chrome
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        void act((idempotencyKey) => words.keep({ planId, text: text.trim(), idempotencyKey }));
      }}
    >
      <FormError failure={failure} />
      <TextareaField
        label={words.label}
        hint={words.hint}
        name={asks}
        value={text}
        maxLength={TEXT_CHARS_MAX}
        onChange={(event) => setText(event.target.value)}
      />
      <Button
        type="submit"
        className="self-start"
        isPending={isPending}
        disabled={text.trim() === '' || text.trim() === (item.supplied ?? '')}
      >
        {words.button}
      </Button>
    </form>
  );
}

function Sign({ planId, item }: { planId: string; item: ChecklistItemView }) {
  const { act, isPending, failure } = useAct();
  const [note, setNote] = useState('');
  return (
    <form
      data-chrome
      className="flex flex-wrap items-end gap-2 border-border border-t pt-3"
      onSubmit={(event) => {
        event.preventDefault();
        void act((idempotencyKey) => signOffItem({ planId, item: item.item, note: note.trim(), idempotencyKey }));
      }}
    >
      <div className="w-full empty:hidden">
        <FormError failure={failure} />
      </div>
      <TextField
        className="w-72 max-w-full"
        label="Note"
        isOptional
        name="note"
        value={note}
        maxLength={NOTE_CHARS_MAX}
        onValueChange={(value) => setNote(value)}
      />
      <Button
        type="submit"
        className="h-auto min-h-8 max-w-full whitespace-normal py-1 text-left"
        isPending={isPending}
        disabled={!item.factMet}
        aria-describedby={`sign-${item.item}`}
      >
        <PenLine aria-hidden /> Sign off: {item.title}
      </Button>
      {item.factMet ? null : (
        <p id={`sign-${item.item}`} className="w-full text-caption text-muted">
          Nobody can sign before the fact is there; the unmet line above says what is missing.
        </p>
      )}
    </form>
  );
}
