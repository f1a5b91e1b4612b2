import { ERRORS, type ErrorEntry } from '@/lib/domain/errors';

/** What the browser itself says when no answer came; the server never sends these. */
const BROWSER_ERRORS: Record<string, ErrorEntry> = {
  'web.unreachable': {
    http: 599,
    retry: true,
    title: 'The console does not answer',
    check: [
      'Traffic is not affected: gateways serve without the console.',
      'Is the web process running, and can this browser reach its address?',
      'What is on the screen stays, with its age; moves forward wait until it is current again.',
    ],
  },
  'web.unanswered': {
    http: 599,
    retry: true,
    title: 'No answer came back, so it is not known whether it was done',
    check: [
      'Look at the state on the screen, or at Activity, before trying again.',
      'Trying again in the same dialog is safe: the request keeps its key and is carried out at most once.',
    ],
  },
};

/** The entry of a code, or null for a code that Landfall never says. */
export function entryOf(code: string): ErrorEntry | null {
  const all: Record<string, ErrorEntry> = { ...ERRORS, ...BROWSER_ERRORS };
  return Object.hasOwn(all, code) ? all[code]! : null;
}
