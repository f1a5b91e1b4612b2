import { z } from 'zod';
import { planInput, planTableInput } from '@/lib/contracts/plan';
import { LIVE_CHANNELS, STRATEGIES } from '@/lib/domain/plan/stages';

export const STEPS = ['strategy', 'connections', 'tables', 'review'] as const;
export type StepName = (typeof STEPS)[number];

const draftTable = z.object({
  name: z.string(),
  targetName: z.string().default(''),
  wave: z.number().int().default(1),
  liveChannel: z.enum(LIVE_CHANNELS).catch('gateway'),
  itemCount: z.number().default(0),
  sizeBytes: z.number().default(0),
});

/** A plan being filled in. Anything may be missing; it is checked when the plan is made. */
export const planDraft = z.object({
  step: z.enum(STEPS).catch('strategy'),
  name: z.string().catch(''),
  strategy: z.enum(STRATEGIES).nullable().catch(null),
  mayStopWrites: z.boolean().catch(false),
  sourceConnectionId: z.string().catch(''),
  targetConnectionId: z.string().catch(''),
  profile: z.enum(['production', 'rehearsal']).catch('production'),
  tables: z.array(draftTable).catch([]),
});
export type PlanDraft = z.output<typeof planDraft>;
export type DraftTable = z.output<typeof draftTable>;

/** What was kept of a draft; what no longer fits is left empty. */
export const draftFrom = (kept: unknown): PlanDraft => planDraft.parse(typeof kept === 'object' && kept ? kept : {});

export const inputOf = (draft: PlanDraft) => ({
  name: draft.name,
  strategy: draft.strategy ?? undefined,
  sourceConnectionId: draft.sourceConnectionId,
  targetConnectionId: draft.targetConnectionId,
  profile: draft.profile,
  tables: draft.tables.map(({ name, targetName, wave, liveChannel }) => ({ name, targetName, wave, liveChannel })),
});

/** What is missing, by the step that it belongs to; empty where a step is done. */
export function gapsOf(draft: PlanDraft): Record<StepName, string[]> {
  const gaps: Record<StepName, string[]> = { strategy: [], connections: [], tables: [], review: [] };
  if (!draft.strategy) gaps.strategy.push('Choose a strategy.');
  if (!draft.sourceConnectionId) gaps.connections.push('Choose the source.');
  if (!draft.targetConnectionId) gaps.connections.push('Choose the target.');
  if (draft.tables.length === 0) gaps.tables.push('Choose at least one table.');
  for (const table of draft.tables) {
    const result = planTableInput.safeParse(table);
    if (!result.success) gaps.tables.push(`${table.name}: ${result.error.issues[0]?.message}`);
  }
  const name = planInput.shape.name.safeParse(draft.name);
  if (!name.success) gaps.review.push(name.error.issues[0]?.message ?? 'Give the plan a name.');
  return gaps;
}
