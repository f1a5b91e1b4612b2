import { z } from 'zod';
import { LIVE_CHANNELS, STRATEGIES } from '@/lib/domain/plan/stages';

export const PLAN_TABLES_MAX = 100;

/** Letters, digits, `_`, `-` and `.`, 3 to 255 of them, as DynamoDB has it. */
const tableName = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9_.-]{3,255}$/, 'A table name: 3 to 255 letters, digits, _, - or dots.');

export const planTableInput = z.object({
  name: tableName,
  /** The same name where it is left out. */
  targetName: z.union([z.literal(''), tableName]).optional(),
  /** The source's stream beside the gateways, for writers that bypass these. */
  liveChannel: z.enum(LIVE_CHANNELS, 'Gateways alone, or gateways and the stream.').optional(),
  wave: z.coerce
    .number('A number.')
    .int('A whole number.')
    .min(1, 'Waves begin at 1.')
    .max(50, 'At most 50.')
    .optional(),
});

const settingsInput = z.record(z.string(), z.coerce.number('A number.'));

export const planInput = z.object({
  name: z.string().trim().min(1, 'Give the plan a name.').max(80, 'At most 80 characters.'),
  strategy: z.enum(STRATEGIES, 'Choose a strategy.'),
  sourceConnectionId: z.string().min(1, 'Choose the source.'),
  targetConnectionId: z.string().min(1, 'Choose the target.'),
  profile: z.enum(['production', 'rehearsal'], 'Production or rehearsal.'),
  tables: z.array(planTableInput).max(PLAN_TABLES_MAX, `At most ${PLAN_TABLES_MAX} tables a plan.`),
  /** Overrides of the profile, by name of the setting; durations in milliseconds. */
  settings: settingsInput.optional(),
});
export type PlanInput = z.input<typeof planInput>;

export const planSettingsChange = z.object({
  planId: z.string(),
  version: z.coerce.number().int(),
  settings: settingsInput,
});
export type PlanSettingsChange = z.input<typeof planSettingsChange>;
