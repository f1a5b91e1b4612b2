'use client';

import { useEffect } from 'react';
import type { Tone } from '../tone';

/** Progress in the tab's title and the worst tone in its icon, so that a tab in the background still says it. */
export function useTabTitle(title: string, tone: Tone): void {
  useEffect(() => {
    document.title = `${title} · Landfall`;
    for (const link of document.querySelectorAll<HTMLLinkElement>('link[rel~="icon"]'))
      link.href = `/favicon-${tone}.svg`;
  }, [title, tone]);
}
