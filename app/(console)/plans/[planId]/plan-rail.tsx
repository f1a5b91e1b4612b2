import { railSteps } from '@/app/_ui/kit/rail-steps';
import { StageRail } from '@/app/_ui/kit/stage-rail';
import type { PlanView } from '@/lib/contracts/views';
import { RAIL, type Stage } from '@/lib/domain/plan/stages';

/** The rail of the strategy at the stage of the table that is furthest behind, with the tables under their stages. */
export function PlanRail({ plan }: { plan: PlanView }) {
  const rail = RAIL[plan.strategy];
  const stages = plan.tables.map((table) => table.stage);
  const behind = rail.find((stage) => stages.includes(stage)) ?? 'planned';
  const notes: Partial<Record<Stage, string>> = Object.fromEntries(
    rail.map((stage) => [
      stage,
      plan.tables
        .filter((table) => table.stage === stage)
        .map((table) => table.name)
        .join(', '),
    ]),
  );
  return (
    <section aria-label="Stages" className="rounded-card border border-border bg-surface px-4 pt-6 pb-3">
      <StageRail
        steps={railSteps(plan.strategy, behind, { notes })}
        label={`Stages of ${plan.name}; the table furthest behind is at the current one`}
      />
    </section>
  );
}
