'use client';

import { Copy } from 'lucide-react';
import { useState } from 'react';
import { Button } from '@/app/_ui/primitives/button';

const COPIED_MS = 2_000;

/** Text to copy, under a label; it scrolls by itself where it is wide. */
export function Code({ label, text }: { label: string; text: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  const copy = async () => {
    // The clipboard is missing on plain http beyond loopback; the text is selectable all the same.
    const isDone = await (navigator.clipboard?.writeText(text) ?? Promise.reject(new Error('no clipboard'))).then(
      () => true,
      () => false,
    );
    setState(isDone ? 'copied' : 'failed');
    setTimeout(() => setState('idle'), COPIED_MS);
  };
  return (
    <div className="rounded-control border border-border bg-sunken">
      <div className="flex items-center justify-between gap-2 border-border border-b px-3 py-1">
        <span className="text-caption text-muted">{label}</span>
        <Button variant="ghost" size="sm" onClick={copy}>
          <Copy aria-hidden />
          <span role="status">{state === 'copied' ? 'Copied' : state === 'failed' ? 'Select the text' : 'Copy'}</span>
          <span className="sr-only">: {label}</span>
        </Button>
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard (WCAG 2.1.1).
        tabIndex={0}
        className="scroll-thin overflow-x-auto p-3 font-mono text-caption"
      >
        <code>{text}</code>
      </pre>
    </div>
  );
}
