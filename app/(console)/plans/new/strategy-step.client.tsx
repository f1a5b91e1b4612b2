'use client';

import { Minus, Plus } from 'lucide-react';
import { Banner } from '@/app/_ui/kit/banner';
import { Badge } from '@/app/_ui/primitives/badge';
import { Checkbox, RadioGroup } from '@/app/_ui/primitives/checkbox';
import { recommendStrategy } from '@/lib/domain/plan/recommend-strategy';
import { STRATEGIES, type Strategy } from '@/lib/domain/plan/stages';
import { STRATEGY_WORDS } from '../strategy-words';
import type { PlanDraft } from './draft';

export interface StepProps {
  draft: PlanDraft;
  change: (next: Partial<PlanDraft>) => void;
}

/** What the chosen tables speak for; before any is chosen, the answer rests on whether writes may stop. */
export const recommendationOf = (draft: PlanDraft) =>
  recommendStrategy({
    tables: draft.tables.length,
    itemCount: draft.tables.reduce((sum, table) => sum + table.itemCount, 0),
    sizeBytes: draft.tables.reduce((sum, table) => sum + table.sizeBytes, 0),
    mayStopWrites: draft.mayStopWrites,
  });

export function StrategyStep({ draft, change }: StepProps) {
  const recommended = draft.tables.length > 0 || !draft.mayStopWrites ? recommendationOf(draft) : null;
  return (
    <div className="flex flex-col gap-4">
      <Checkbox
        label="Writes may stop while everything is copied and verified"
        hint="Leave it empty when the application must go on writing."
        checked={draft.mayStopWrites}
        onCheckedChange={(mayStopWrites) => change({ mayStopWrites })}
      />
      <Banner
        tone="active"
        title={
          recommended
            ? `Recommended: ${STRATEGY_WORDS[recommended.strategy].label}`
            : 'A recommendation needs the sizes of the tables'
        }
      >
        {recommended ? recommended.sentence : 'Choose the tables, then look here or at the review again.'}
        {draft.tables.length === 0 && recommended ? ' It is looked at again when the tables are chosen.' : ''}
      </Banner>
      <RadioGroup
        aria-label="Strategy"
        className="grid gap-3 rail:grid-cols-3"
        value={draft.strategy}
        onValueChange={(value) => change({ strategy: value as Strategy })}
        choices={[...STRATEGIES]
          .sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
          .map((strategy) => ({
            value: strategy,
            label: (
              <span className="flex flex-wrap items-center gap-2">
                {STRATEGY_WORDS[strategy].label}
                {recommended?.strategy === strategy ? <Badge tone="active">recommended</Badge> : null}
              </span>
            ),
            hint: <TradeOffs strategy={strategy} />,
          }))}
      />
    </div>
  );
}

const ORDER: readonly Strategy[] = ['dual_write', 'incremental', 'big_bang'];

function TradeOffs({ strategy }: { strategy: Strategy }) {
  const words = STRATEGY_WORDS[strategy];
  return (
    <span className="flex flex-col gap-2">
      <span>{words.says}</span>
      <span className="flex flex-col gap-1">
        {words.pros.map((text) => (
          <span key={text} className="flex items-start gap-1.5">
            <Plus aria-hidden className="mt-1 size-3 shrink-0 text-ok-fg" />
            <span>
              <span className="sr-only">For it: </span>
              {text}
            </span>
          </span>
        ))}
        {words.cons.map((text) => (
          <span key={text} className="flex items-start gap-1.5">
            <Minus aria-hidden className="mt-1 size-3 shrink-0 text-bad-fg" />
            <span>
              <span className="sr-only">Against it: </span>
              {text}
            </span>
          </span>
        ))}
      </span>
      <span className="text-caption text-muted">Fits: {words.fits}</span>
    </span>
  );
}
