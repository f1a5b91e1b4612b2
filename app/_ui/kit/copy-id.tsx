'use client';

import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { cn } from '../cn';

const SHOWN_CHARS_MAX = 18;
const COPIED_MS = 2_000;

const middle = (text: string): string =>
  text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, 10)}…${text.slice(-6)}`;

/** An identifier in mono, shortened in its middle, copied whole. */
export function CopyId({
  value,
  what = 'id',
  isWhole = false,
  className,
}: {
  value: string;
  what?: string;
  isWhole?: boolean;
  className?: string;
}) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), COPIED_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => {
    // The clipboard is missing on plain http beyond loopback; the text is selectable all the same.
    const written = navigator.clipboard?.writeText(value) ?? Promise.reject(new Error('no clipboard'));
    written.then(
      () => setState('copied'),
      () => setState('failed'),
    );
  };
  return (
    <span className={cn('inline-flex max-w-full items-center gap-0.5', className)}>
      <code title={value} className={cn('min-w-0 font-mono text-caption', isWhole ? 'break-all' : 'truncate')}>
        {isWhole ? value : middle(value)}
      </code>
      <button
        type="button"
        onClick={copy}
        aria-label={`Copy ${what} ${value}`}
        className="grid size-6 shrink-0 place-items-center rounded-control text-muted hover:bg-sunken hover:text-text"
      >
        {state === 'copied' ? (
          <Check aria-hidden className="size-3.5 text-ok-fg" />
        ) : (
          <Copy aria-hidden className="size-3.5" />
        )}
      </button>
      <span role="status" className={state === 'failed' ? 'text-caption text-warn-fg' : 'sr-only'}>
        {state === 'copied' ? 'Copied' : state === 'failed' ? 'Not copied: select the text' : ''}
      </span>
    </span>
  );
}
