'use client';

import { useEffect, useRef } from 'react';
import { routes } from '../../_routes/routes';
import type { ActionFailure } from '../action-result';
import { fieldWord } from './field-word';
import { GateList } from './gate-list';

/**
 * What went wrong with a form, over its fields: takes the focus when it appears, names each field, lists unmet gates.
 * Values that were typed stay in their fields.
 */
export function FormError({
  failure,
  title,
  hasHelp = true,
}: {
  failure: ActionFailure | null;
  title?: string;
  /** The runbook is inside the console; forms in front of it leave the link out. */
  hasHelp?: boolean;
}) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (failure) box.current?.focus();
  }, [failure]);
  if (!failure) return null;
  const fields = Object.entries(failure.fields ?? {});
  return (
    <div
      ref={box}
      role="alert"
      tabIndex={-1}
      className="rounded-card border border-bad-solid bg-bad-tint px-3 py-2 text-bad-fg"
    >
      <p className="font-medium text-data">{title ?? failure.message}</p>
      {title ? <p className="text-data">{failure.message}</p> : null}
      {fields.length > 0 ? (
        <ul className="mt-1 list-disc pl-5 text-data">
          {fields.map(([name, sentences]) => (
            <li key={name}>
              <span className="font-medium">{fieldWord(name)}</span>
              {said(sentences, failure.message)}
            </li>
          ))}
        </ul>
      ) : null}
      {failure.gates && failure.gates.length > 0 ? (
        <div className="mt-2 rounded-control bg-surface px-2 text-text">
          <GateList gates={failure.gates} label="Unmet gates" />
        </div>
      ) : null}
      {hasHelp ? (
        <a
          className="mt-1 inline-flex min-h-6 items-center text-caption underline underline-offset-2"
          href={routes.helpError(failure.code)}
        >
          What to check ({failure.code})
        </a>
      ) : null}
      {failure.requestId ? <p className="text-caption">Request {failure.requestId}</p> : null}
    </div>
  );
}

/** What the head says already is not said again at the field. */
function said(sentences: readonly string[], message: string): string {
  const more = sentences.filter((sentence) => sentence !== message);
  return more.length > 0 ? `: ${more.join(' ')}` : '';
}
