import type { KeySchema } from '../item/item';

/** What behaviour proved of a target table. */
export type TargetProof =
  | { state: 'proven'; consistentRead: boolean; sortOrder: boolean; detail: string }
  | { state: 'missing'; detail: string }
  | { state: 'differs'; detail: string; targetKey: KeySchema | null }
  | { state: 'may_not_write'; mayRead: boolean | null; detail: string }
  | { state: 'unreachable'; detail: string }
  | { state: 'unknown'; detail: string };

/** `tenant (S), placed (N)` */
export const sayKeySchema = (key: KeySchema): string =>
  [key.partition, ...(key.sort ? [key.sort] : [])].map((part) => `${part.name} (${part.type})`).join(', ');

export const isSameKey = (a: KeySchema, b: KeySchema): boolean => sayKeySchema(a) === sayKeySchema(b);
