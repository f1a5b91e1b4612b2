import type { Trouble } from '@/lib/adapters/dynamodb/call';

/** A store will not do what is asked until somebody changes something, or not now; the segment is tried again later. */
export interface StoreFault {
  sentence: string;
  /** Trying again soon is of no use: a person must change a key, a table or a right. */
  isLasting: boolean;
}

/** Refusals that speak of one item: the item is set aside by name and the table goes on. */
const ITEM_REFUSALS: ReadonlySet<string> = new Set([
  'ValidationException',
  'ItemCollectionSizeLimitExceededException',
  'ItemSizeLimitExceededException',
  'RequestEntityTooLarge',
  'SerializationException',
]);

export const isItemRefusal = (trouble: Trouble): boolean =>
  trouble.kind === 'refused' && !trouble.isThrottle && ITEM_REFUSALS.has(trouble.errorType);

/** The fault that a trouble amounts to, or null where repeating the request is worth it. */
export function faultOf(trouble: Trouble, operation: string): StoreFault | null {
  if (trouble.kind === 'unknown' || trouble.isThrottle) return null;
  return { sentence: `${operation} was refused: ${trouble.errorType} (status ${trouble.status}).`, isLasting: true };
}
