'use client';

import Link from 'next/link';
import { planQuery } from '@/app/_data/plan';
import { useView } from '@/app/_data/use-view';
import { routes } from '@/app/_routes/routes';
import { CopyId } from '@/app/_ui/kit/copy-id';
import { formatDuration } from '@/app/_ui/kit/format';
import { KeyValues } from '@/app/_ui/kit/key-values';
import { PageHead } from '@/app/_ui/kit/page-head';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Badge } from '@/app/_ui/primitives/badge';
import { ButtonLink } from '@/app/_ui/primitives/button-link';
import { Card } from '@/app/_ui/primitives/card';
import { Progress } from '@/app/_ui/primitives/progress';
import { Breadcrumbs } from '@/app/_ui/shell/breadcrumbs';
import { PageState } from '@/app/_ui/shell/page-state';
import { worstTone } from '@/app/_ui/tone';
import type { PlanView } from '@/lib/contracts/views';
import { LiveFeed } from '../../activity/live-feed.client';
import { toneOf } from '../../fleet-filter';
import { STRATEGY_WORDS } from '../strategy-words';
import { PlanRail } from './plan-rail';
import { PlanTable } from './plan-table.client';

/** The whole plan on one screen: how far, what needs you, what may happen next, what just happened. */
export function Cockpit({ planId }: { planId: string }) {
  const query = useView(planQuery(planId));
  const plan = query.data;
  if (!plan)
    return (
      <>
        <h1 className="sr-only">Plan</h1>
        <ViewMissing query={query} what="the plan" />
      </>
    );
  const needing = plan.tables.filter((table) => table.needs !== null).length;
  return (
    <div className="flex flex-col gap-4">
      <Breadcrumbs crumbs={[{ label: 'Plans', href: routes.plans() }, { label: plan.name }]} />
      <PageState
        tone={worstTone(plan.tables.map(toneOf))}
        title={needing > 0 ? `! ${plan.name} needs you` : plan.name}
      />
      <PageHead
        title={plan.name}
        status={<Badge tone={plan.settings.profile === 'rehearsal' ? 'warn' : 'idle'}>{plan.settings.profile}</Badge>}
        note={`${STRATEGY_WORDS[plan.strategy].label} from ${plan.source.name} to ${plan.target.name}. ${profileSentence(plan)}`}
        actions={<ButtonLink href={routes.checklist(plan.id)}>Open the checklist</ButtonLink>}
      />
      <ViewNotice query={query} what="The plan" />
      <PlanRail plan={plan} />
      <div className="grid items-start gap-4 rail:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <section aria-labelledby="tables" className="flex min-w-0 flex-col gap-3">
          <h2 id="tables" className="font-semibold text-section">
            Tables
          </h2>
          {plan.tables.map((table) => (
            <PlanTable key={table.tableId} table={table} />
          ))}
        </section>
        <div className="flex min-w-0 flex-col gap-4">
          <Checklist plan={plan} />
          <LiveFeed filter={{ planId }} allHref={routes.activity()} />
        </div>
      </div>
      <div className="grid items-start gap-4 rail:grid-cols-2">
        <Promises plan={plan} />
        <About plan={plan} />
        <Flags plan={plan} />
      </div>
    </div>
  );
}

function profileSentence({ settings }: PlanView): string {
  const stops = settings.dwellMsByStop;
  return `${settings.profile === 'rehearsal' ? 'Rehearsal' : 'Production'}: a share dwells ${formatDuration(stops['1000'])} at 1 %, ${formatDuration(stops['10000'])} at 10 %, ${formatDuration(stops['50000'])} at 50 % and ${formatDuration(stops['100000'])} at 100 %.`;
}

function Checklist({ plan }: { plan: PlanView }) {
  const { done, required } = plan.checklist;
  return (
    <Card title="Verification checklist">
      <div className="flex flex-col gap-2">
        <Progress
          value={required === 0 ? 0 : (100 * done) / required}
          label="Signed off"
          says={`${done} of ${required}`}
          tone={done === required ? 'ok' : 'active'}
        />
        <Link
          href={routes.checklist(plan.id)}
          className="inline-flex min-h-6 items-center self-start text-accent text-data underline-offset-2 hover:underline"
        >
          Evidence and signatures
        </Link>
      </div>
    </Card>
  );
}

function Promises({ plan }: { plan: PlanView }) {
  return (
    <Card
      title="What it does not promise"
      note="Landfall loses no write that it acknowledged. It does not promise this:"
    >
      <ul className="flex list-disc flex-col gap-1.5 pl-5 text-data text-text-2">
        {plan.promises.map((promise) => (
          <li key={promise}>{promise}</li>
        ))}
      </ul>
    </Card>
  );
}

function About({ plan }: { plan: PlanView }) {
  const { settings } = plan;
  return (
    <Card title="The plan">
      <KeyValues
        items={[
          { label: 'Source', value: plan.source.name, note: plan.source.endpoint },
          { label: 'Target', value: plan.target.name, note: plan.target.endpoint },
          { label: 'Longest life of an abandoned request (Δ)', value: formatDuration(settings.deltaMs) },
          { label: 'Hold at a flip', value: `at most ${formatDuration(settings.holdMsMax)}` },
          { label: 'A write waits for TerraScale', value: `at most ${formatDuration(settings.mirrorWaitMsMax)}` },
          { label: 'A verification stays fresh', value: formatDuration(settings.verificationFreshMs) },
          { label: 'Backup is kept', value: formatDuration(settings.backupMs) },
          { label: 'An approval holds', value: formatDuration(settings.approvalMs) },
          { label: 'Made', value: <TimeAgo at={plan.createdAt} />, note: plan.createdBy },
        ]}
      />
    </Card>
  );
}

function Flags({ plan }: { plan: PlanView }) {
  return (
    <Card
      title="Flags"
      note="For code that dual-writes by itself, over OFREP: .read, .routing and .stage of each table."
    >
      <ul className="flex flex-col gap-1">
        {plan.flags.map(({ tableName, name }) => (
          <li key={name} className="min-w-0 text-data">
            <span className="sr-only">{tableName}: </span>
            <CopyId value={`${name}.read`} what={`flag of ${tableName}`} isWhole />
          </li>
        ))}
      </ul>
      <Link
        href={routes.helpApplications()}
        className="mt-2 inline-flex min-h-6 items-center text-accent text-data underline-offset-2 hover:underline"
      >
        How to ask for them
      </Link>
    </Card>
  );
}
