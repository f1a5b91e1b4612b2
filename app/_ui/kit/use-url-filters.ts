'use client';

import { usePathname, useSearchParams } from 'next/navigation';
import { useCallback } from 'react';

// Not the router's replace: it would ask the server for the page again at each key that is pressed.
const replaceAddress = (address: string): void => window.history.replaceState(null, '', address);

/** Filters that stand in the address, so that a link shows what its sender saw. An empty value is left out. */
export function useUrlFilters<K extends string>(names: readonly K[]) {
  const params = useSearchParams();
  const path = usePathname();
  const values = Object.fromEntries(names.map((name) => [name, params.get(name) ?? ''])) as Record<K, string>;
  const set = useCallback(
    (changes: Partial<Record<K, string>>) => {
      const next = new URLSearchParams(params.toString());
      for (const [name, value] of Object.entries(changes) as [K, string][]) {
        if (value) next.set(name, value);
        else next.delete(name);
      }
      const query = next.toString();
      replaceAddress(query ? `${path}?${query}` : path);
    },
    [params, path],
  );
  const clear = useCallback(() => replaceAddress(path), [path]);
  return { values, set, clear, isFiltered: names.some((name) => values[name] !== '') };
}
