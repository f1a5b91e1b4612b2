import { z } from 'zod';
import { id, reason } from '@/app/_server/action-input';
import { CHECKS } from '@/lib/domain/assessment/checks';
import { MAPPING_KINDS } from '@/lib/domain/mapping/mapping';
import { GUARD_MODES, GUARD_RULES } from '@/lib/domain/plan/guard-rules';
import { MOVES, type Verb } from '@/lib/domain/plan/moves';
import { LIVE_CHANNELS, SHARE_MAX_MILLI } from '@/lib/domain/plan/stages';

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'The dry run of this move; open it again.');
const verb = z.enum(MOVES.map((move) => move.verb) as [Verb, ...Verb[]]);
const share = z.number().int().min(0).max(SHARE_MAX_MILLI).optional();

export const moveInput = z.object({
  tableId: id,
  verb,
  version: z.number().int(),
  planHash: hash,
  reason: reason.default(''),
  typedName: z.string().max(255).optional(),
  readShareMilli: share,
  long: z.boolean().optional(),
});
export const approvalInput = z.object({
  tableId: id,
  verb,
  planHash: hash,
  note: reason.optional(),
  readShareMilli: share,
  long: z.boolean().optional(),
});
export const tableInput = z.object({ tableId: id });
export const holdInput = z.object({ tableId: id, reason });
export const channelInput = z.object({ tableId: id, liveChannel: z.enum(LIVE_CHANNELS) });
export const runInput = z.object({ runId: id });
export const runLimitInput = z.object({ runId: id, itemsPerSecondMax: z.number().int().min(1).nullable() });
export const setAsideInput = z.object({ runId: id, setAsideIds: z.array(id).min(1).max(100) });
export const verificationInput = tableInput.extend({
  sampleItems: z.number().int().optional(),
  mismatchesMax: z.number().int().optional(),
});
export const repairAllInput = tableInput.extend({ hash });
export const mismatchInput = z.object({ mismatchId: id });
export const shadowShareInput = z.object({
  tableId: id,
  shadowMilli: z.number().int().min(0).max(SHARE_MAX_MILLI),
  seenMilli: z.number().int(),
  reason,
});
export const guardModeInput = z.object({ tableId: id, rule: z.enum(GUARD_RULES), mode: z.enum(GUARD_MODES), reason });
export const mappingsInput = z.object({
  tableId: id,
  version: z.number().int(),
  mappings: z.array(z.object({ attribute: z.string().max(1_000), kind: z.enum(MAPPING_KINDS) })).max(200),
});
export const shadowSampleInput = z.object({ tableId: id, sampleId: id });
const deadLetterIds = z
  .array(z.string().regex(/^[0-9a-f]{64}$/))
  .min(1)
  .max(200);
export const deadLettersInput = z.object({ tableId: id, ids: deadLetterIds });
export const parkInput = deadLettersInput.extend({ reason: reason.min(1, 'Say why it may wait.') });
export const waiverInput = z.object({
  tableId: id,
  check: z.enum(CHECKS),
  reason: reason.min(1, 'Say why it may be waived.'),
});

/** What each action is given by its page, with the key that makes a repetition change nothing. */
export type Keyed<S extends z.ZodType> = z.input<S> & { idempotencyKey: string };
