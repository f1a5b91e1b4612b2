'use client';

import { Printer } from 'lucide-react';
import { checklistQuery } from '@/app/_data/plan';
import { useView } from '@/app/_data/use-view';
import { routes } from '@/app/_routes/routes';
import { formatUtc } from '@/app/_ui/kit/format';
import { PageHead } from '@/app/_ui/kit/page-head';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Button } from '@/app/_ui/primitives/button';
import { Progress } from '@/app/_ui/primitives/progress';
import { Breadcrumbs } from '@/app/_ui/shell/breadcrumbs';
import { PageState } from '@/app/_ui/shell/page-state';
import type { ChecklistView } from '@/lib/contracts/views';
import { ChecklistItem } from './item.client';

/** Six items, each resting on a fact and signed by a person. Printed, it is the certificate of the plan. */
export function Checklist({ planId }: { planId: string }) {
  const query = useView(checklistQuery(planId));
  const list = query.data;
  if (!list)
    return (
      <>
        <h1 className="sr-only">Checklist</h1>
        <ViewMissing query={query} what="the checklist" />
      </>
    );
  const isWhole = list.done === list.required;
  return (
    <div className="flex flex-col gap-4">
      <Breadcrumbs
        crumbs={[
          { label: 'Plans', href: routes.plans() },
          { label: list.planName, href: routes.plan(planId) },
          { label: 'Checklist' },
        ]}
      />
      <PageState tone={isWhole ? 'ok' : 'active'} title={`${list.done}/${list.required} ${list.planName} checklist`} />
      <PageHead
        title="Verification checklist"
        note={`${list.planName}. Landfall fills in the evidence, a person signs. A signature lapses by itself when the fact under it changes. Closing the source needs all ${list.required}.`}
        actions={
          <Button
            data-chrome
            className="h-auto min-h-8 whitespace-normal py-1"
            variant={isWhole ? 'primary' : 'secondary'}
            onClick={() => window.print()}
          >
            <Printer aria-hidden /> Print the {isWhole ? 'certificate' : 'state of the checklist'}
          </Button>
        }
      />
      <ViewNotice query={query} what="The checklist" />
      <Progress
        value={list.required === 0 ? 0 : (100 * list.done) / list.required}
        label="Signed off"
        says={`${list.done} of ${list.required}`}
        tone={isWhole ? 'ok' : 'active'}
      />
      <ol className="flex flex-col gap-3">
        {list.items.map((item, index) => (
          <li key={item.item}>
            <ChecklistItem planId={planId} item={item} number={index + 1} />
          </li>
        ))}
      </ol>
      <Certificate list={list} readAtMs={query.dataUpdatedAt} />
    </div>
  );
}

/** On paper only: what was signed by whom, as of when. An incomplete list says so. */
function Certificate({ list, readAtMs }: { list: ChecklistView; readAtMs: number }) {
  const isWhole = list.done === list.required;
  return (
    <section className="hidden border-text border-t pt-4 print:block">
      <h2 className="font-semibold text-section">
        {isWhole ? 'Certificate' : 'Not complete'}: {list.planName}
      </h2>
      <p className="text-prose">
        {isWhole
          ? `All ${list.required} items of the verification checklist are signed off.`
          : `${list.done} of ${list.required} items are signed off. This page certifies nothing yet.`}{' '}
        As of {formatUtc(readAtMs)}.
      </p>
      <ul className="mt-2 text-data">
        {list.items.map((item) => (
          <li key={item.item}>
            {item.title}:{' '}
            {item.signOff ? `${item.signOff.by}, ${formatUtc(item.signOff.at)}, ${item.signOff.id}` : 'not signed'}
          </li>
        ))}
      </ul>
    </section>
  );
}
