'use client';

import { useEffect, useRef } from 'react';
import { planQuery } from '@/app/_data/plan';
import { tableQuery } from '@/app/_data/table';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { routes } from '@/app/_routes/routes';
import { Banner } from '@/app/_ui/kit/banner';
import { FormError } from '@/app/_ui/kit/form-error';
import { PageHead } from '@/app/_ui/kit/page-head';
import { ViewMissing } from '@/app/_ui/kit/view-notice';
import { Button } from '@/app/_ui/primitives/button';
import { ButtonLink } from '@/app/_ui/primitives/button-link';
import { Breadcrumbs } from '@/app/_ui/shell/breadcrumbs';
import type { PlanView } from '@/lib/contracts/views';
import { acknowledgeDowntime } from '../checklist/actions';
import { TableAssessment } from '../table-assessment.client';
import { assessTable } from '../tables/[tableId]/assess-actions';

/** Right after a plan is made: what stands in the way of each table, and what the copy will take. */
export function PlanAssessment({ planId }: { planId: string }) {
  const query = useView(planQuery(planId));
  const plan = query.data;
  if (!plan)
    return (
      <>
        <h1 className="sr-only">Assessment</h1>
        <ViewMissing query={query} what="the plan" />
      </>
    );
  return (
    <div className="flex flex-col gap-4">
      <Breadcrumbs
        crumbs={[
          { label: 'Plans', href: routes.plans() },
          { label: plan.name, href: routes.plan(planId) },
          { label: 'Assessment' },
        ]}
      />
      <PageHead
        title={`Assessment of ${plan.name}`}
        note="Each check passed, warned or failed with its fix. What fails is mended, or waived by name with a reason."
        actions={
          <ButtonLink variant="primary" href={routes.plan(planId)}>
            Open the cockpit
          </ButtonLink>
        }
      />
      {plan.strategy === 'big_bang' ? <Downtime plan={plan} /> : null}
      {plan.tables.map((table) => (
        <section key={table.tableId} aria-labelledby={table.tableId} className="flex flex-col gap-3">
          <h2 id={table.tableId} className="font-semibold text-section">
            {table.name}
          </h2>
          <OneTable tableId={table.tableId} />
        </section>
      ))}
    </div>
  );
}

/** Assesses by itself what was never assessed, once a visit. */
function OneTable({ tableId }: { tableId: string }) {
  const query = useView(tableQuery(tableId));
  const { act, isPending, failure } = useAct();
  const isAsked = useRef(false);
  const isNew = query.data !== undefined && query.data.assessment.at === null && query.data.stage === 'planned';
  useEffect(() => {
    if (!isNew || isAsked.current) return;
    isAsked.current = true;
    void act((idempotencyKey) => assessTable({ tableId, idempotencyKey }));
  }, [isNew, tableId, act]);
  if (!query.data) return <ViewMissing query={query} what="the table" />;
  return (
    <>
      <FormError failure={failure} />
      {isPending ? <Banner tone="active" title="Reading both stores…" /> : null}
      <TableAssessment table={query.data} level={3} />
    </>
  );
}

function Downtime({ plan }: { plan: PlanView }) {
  const { act, isPending, failure } = useAct();
  return (
    <Banner
      tone="warn"
      title="A big bang refuses writes from the freeze until the source is closed"
      actions={
        <Button
          isPending={isPending}
          onClick={() => act((idempotencyKey) => acknowledgeDowntime({ planId: plan.id, idempotencyKey }))}
        >
          Acknowledge the downtime under my name
        </Button>
      }
    >
      Reads go on. The application gets a retryable error for each write.
      <FormError failure={failure} />
    </Banner>
  );
}
