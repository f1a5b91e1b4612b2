import { type ClassValue, clsx } from 'clsx';
import { extendTailwindMerge } from 'tailwind-merge';

// Without this list `text-data` (a size) and `text-muted` (a colour) would count as one group and drop each other.
const merge = extendTailwindMerge({
  extend: {
    theme: {
      text: ['caption', 'data', 'prose', 'section', 'page', 'metric'],
      radius: ['control', 'menu', 'card'],
      shadow: ['float'],
    },
  },
});

/** Joins class names; of two that set one property the later wins. */
export const cn = (...values: ClassValue[]): string => merge(clsx(values));
