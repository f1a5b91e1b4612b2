'use client';

import { connectionsQuery } from '@/app/_data/connection';
import { useView } from '@/app/_data/use-view';
import { Banner } from '@/app/_ui/kit/banner';
import { formatBytes, formatCount, formatDuration } from '@/app/_ui/kit/format';
import { KeyValues } from '@/app/_ui/kit/key-values';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { RadioGroup } from '@/app/_ui/primitives/checkbox';
import { TextField } from '@/app/_ui/primitives/field';
import { PROFILES } from '@/lib/domain/plan/facts';
import { NOT_PROMISED } from '@/lib/domain/plan/promises';
import { STRATEGY_WORDS } from '../strategy-words';
import { type PlanDraft, STEPS, type StepName } from './draft';
import { recommendationOf, type StepProps } from './strategy-step.client';

/** Everything once more before the plan is made, with what is missing and where. */
export function ReviewStep({
  draft,
  change,
  gaps,
  go,
}: StepProps & { gaps: Record<StepName, string[]>; go: (step: StepName) => void }) {
  const missing = STEPS.filter((step) => step !== 'review' && gaps[step].length > 0);
  const recommended = draft.tables.length > 0 ? recommendationOf(draft) : null;
  return (
    <div className="flex flex-col gap-4">
      {missing.map((step) => (
        <Banner
          key={step}
          tone="warn"
          title={gaps[step].join(' ')}
          actions={
            <Button size="sm" onClick={() => go(step)}>
              Go to {step}
            </Button>
          }
        />
      ))}
      {recommended && draft.strategy && recommended.strategy !== draft.strategy ? (
        <Banner
          tone="active"
          title={`For these tables ${STRATEGY_WORDS[recommended.strategy].label} is recommended`}
          actions={
            <Button size="sm" onClick={() => change({ strategy: recommended.strategy })}>
              Choose {STRATEGY_WORDS[recommended.strategy].label}
            </Button>
          }
        >
          {recommended.sentence}
        </Banner>
      ) : null}
      <TextField
        className="max-w-md"
        label="Name of the plan"
        name="name"
        autoComplete="off"
        value={draft.name}
        onValueChange={(name) => change({ name })}
      />
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-2 font-medium text-data">Profile</legend>
        <RadioGroup
          aria-label="Profile"
          className="grid gap-3 rail:grid-cols-2"
          value={draft.profile}
          onValueChange={(value) => change({ profile: value as PlanDraft['profile'] })}
          choices={[
            { value: 'production', label: 'Production', hint: profileHint('production') },
            {
              value: 'rehearsal',
              label: 'Rehearsal',
              hint: `${profileHint('rehearsal')} Only for a source on this machine.`,
            },
          ]}
        />
      </fieldset>
      <Summary draft={draft} />
      <Card level={3} title="What it does not promise">
        <ul className="flex list-disc flex-col gap-1 pl-5 text-data text-text-2">
          {NOT_PROMISED.map((promise) => (
            <li key={promise}>{promise}</li>
          ))}
        </ul>
      </Card>
    </div>
  );
}

function profileHint(profile: PlanDraft['profile']): string {
  const { dwellMsByStop, deltaMs, backupMs } = PROFILES[profile];
  return `A share dwells ${formatDuration(dwellMsByStop['1000'])} at 1 % and ${formatDuration(dwellMsByStop['100000'])} at 100 %; Δ is ${formatDuration(deltaMs)}; the backup is kept ${formatDuration(backupMs)}.`;
}

function Summary({ draft }: { draft: PlanDraft }) {
  const connections = useView(connectionsQuery()).data ?? [];
  const nameOf = (id: string) => connections.find((connection) => connection.id === id)?.name ?? 'not chosen';
  const items = draft.tables.reduce((sum, table) => sum + table.itemCount, 0);
  const bytes = draft.tables.reduce((sum, table) => sum + table.sizeBytes, 0);
  return (
    <Card level={3} title="The plan">
      <KeyValues
        items={[
          { label: 'Strategy', value: draft.strategy ? STRATEGY_WORDS[draft.strategy].label : 'not chosen' },
          { label: 'From', value: nameOf(draft.sourceConnectionId) },
          { label: 'To', value: nameOf(draft.targetConnectionId) },
          {
            label: 'Tables',
            value:
              draft.tables
                .map((table) => (draft.strategy === 'incremental' ? `${table.name} (wave ${table.wave})` : table.name))
                .join(', ') || 'none',
            note: `about ${formatCount(items)} items, ${formatBytes(bytes)}`,
          },
        ]}
      />
    </Card>
  );
}
