import type { PlanSettings } from '../plan/facts';
import type { Stage } from '../plan/stages';

/**
 * Shadow reads: a share of what one store answered is asked of the other as well, off the request path, and compared.
 * They begin once the copy is complete; before that everything not copied yet would differ.
 */
export const SHADOW_STAGES = ['verify', 'shift', 'target_first'] as const satisfies readonly Stage[];
const STAGES: ReadonlySet<Stage> = new Set(SHADOW_STAGES);

export const mayShadow = (stage: Stage): boolean => STAGES.has(stage);

/**
 * Share of reads of a new plan, in thousandths of a percent. Production begins at 1 %: each shadow read is paid for at
 * one of the stores. A rehearsal shows something within seconds.
 */
export const SHADOW_MILLI_DEFAULT: Record<PlanSettings['profile'], number> = { production: 1_000, rehearsal: 20_000 };
export const SHADOW_MILLI_MAX = 100_000;

/**
 * Whether a confirmed difference is marked dirty at once, so that a settle heals it (ARCHITECTURE, Decisions). Only
 * while the source is the authority, because it is what the customer trusted before Landfall came; and never where
 * healing means deleting an item on the target, which is previewed and asked for by a person.
 */
export const isHealedAtOnce = (of: { writes: string; class: string }): boolean =>
  of.writes === 'source_target' && of.class !== 'extra';
