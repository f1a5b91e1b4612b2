import { z } from 'zod';
import { id } from '@/app/_server/action-input';
import { CHECKLIST_ITEMS } from '@/lib/domain/plan/checklist';

const NOTE_CHARS_MAX = 1_000;
const TEXT_CHARS_MAX = 20_000;

export const planInput = z.object({ planId: id });
export const signOffInput = z.object({
  planId: id,
  item: z.enum(CHECKLIST_ITEMS),
  note: z.string().trim().max(NOTE_CHARS_MAX, `At most ${NOTE_CHARS_MAX} characters.`).optional(),
});
export const suppliedInput = z.object({
  planId: id,
  text: z.string().trim().min(1, 'Write something here.').max(TEXT_CHARS_MAX, `At most ${TEXT_CHARS_MAX} characters.`),
});

export type SignOff = z.input<typeof signOffInput> & { idempotencyKey: string };
export type Supplied = z.input<typeof suppliedInput> & { idempotencyKey: string };
