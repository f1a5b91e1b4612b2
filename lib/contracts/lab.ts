import { z } from 'zod';

/** What the condition lab takes and gives; values are in DynamoDB's JSON, as an SDK logs them. */
export const LAB_KINDS = ['condition', 'filter', 'update'] as const;
export type LabKind = (typeof LAB_KINDS)[number];

/** DynamoDB's own limit of an expression. */
export const EXPRESSION_BYTES_MAX = 4_096;
export const LAB_TEXT_MAX = 100_000;

const json = z.string().max(LAB_TEXT_MAX, 'At most 100,000 characters.').default('');

export const labInput = z.object({
  tableId: z.string().min(1).max(80),
  kind: z.enum(LAB_KINDS),
  expression: z
    .string()
    .trim()
    .min(1, 'Give the expression.')
    .max(EXPRESSION_BYTES_MAX, `At most ${EXPRESSION_BYTES_MAX} characters.`),
  /** A condition beside an update. */
  condition: z.string().trim().max(EXPRESSION_BYTES_MAX).default(''),
  /** JSON objects; empty: none. */
  names: json,
  values: json,
  /** The sample item, without its key; empty: there is no item. */
  item: json,
});
export type LabInput = z.input<typeof labInput>;

/** What one side made of it. */
export interface LabSide {
  /** `held`, `failed`: a condition; `matched`, `not_matched`: a filter; `applied`: an update; `refused`; `unknown`. */
  outcome: 'held' | 'failed' | 'matched' | 'not_matched' | 'applied' | 'refused' | 'unknown';
  /** The refusal in the store's words; null otherwise. */
  detail: string | null;
  /** The item afterwards without its key, as DynamoDB JSON by attribute; null: there is none, or it could not be read. */
  image: Record<string, string> | null;
  /** The probe item was read as gone. */
  isClean: boolean;
}

export interface LabResult {
  source: LabSide;
  target: LabSide;
  isEqual: boolean;
  rows: { attribute: string; source: string | null; target: string | null; isDifferent: boolean }[];
}
