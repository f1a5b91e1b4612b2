'use client';

import { useEffect } from 'react';
import type { Tone } from '../tone';

/**
 * Puts progress and the worst tone into the tab: a title that starts with what counts ("62 % · orders") and the
 * favicon of the tone. Renders nothing.
 */
export function PageState({ tone, title }: { tone: Tone; title?: string }) {
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel~="icon"]');
    const before = link?.getAttribute('href') ?? null;
    link?.setAttribute('href', `/favicon-${tone}.svg`);
    return () => {
      if (link && before) link.setAttribute('href', before);
    };
  }, [tone]);
  useEffect(() => {
    if (!title) return;
    const before = document.title;
    document.title = `${title} · Landfall`;
    return () => {
      document.title = before;
    };
  }, [title]);
  return null;
}
