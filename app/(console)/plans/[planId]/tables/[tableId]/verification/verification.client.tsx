'use client';

import { isRunOpen, tableQuery, verificationQuery } from '@/app/_data/table';
import { useAct } from '@/app/_data/use-act';
import { useView } from '@/app/_data/use-view';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { FormError } from '@/app/_ui/kit/form-error';
import { formatCount } from '@/app/_ui/kit/format';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Badge } from '@/app/_ui/primitives/badge';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import type { RunView, TableView } from '@/lib/contracts/views';
import { startVerification } from '../actions';
import { RunControl } from '../run-control.client';
import { Fact, RUN_LOOK, RunProgress, RunSegments, RunState } from '../run-progress';
import { Evidence } from './evidence';
import { Mismatches } from './mismatches.client';
import { SqlReadBacks } from './sql-read-backs.client';
import { StartSample } from './start-sample.client';

// A verification compares what was copied, so there must have been a copy.
const BEFORE_COPY = new Set<TableView['stage']>(['planned', 'frozen', 'dual_write', 'backfill']);

export function Verification({ tableId }: { tableId: string }) {
  const query = useView(verificationQuery(tableId));
  const table = useView(tableQuery(tableId)).data;
  const { act, isPending, failure } = useAct();
  if (!query.data) return <ViewMissing query={query} what="the verification" />;
  const { runs, freshness, evidence, sqlReadBacks } = query.data;
  const [run, ...older] = runs;
  const mayStart = table !== undefined && !BEFORE_COPY.has(table.stage) && table.stage !== 'retired';
  const start = () => act((idempotencyKey) => startVerification({ tableId, idempotencyKey }));
  const button = (
    <Button variant="primary" isPending={isPending} disabled={!mayStart || runs.some(isRunOpen)} onClick={start}>
      Verify {table?.name ?? 'the table'} now
    </Button>
  );
  return (
    <div className="flex flex-col gap-4">
      <h2 className="sr-only">Verification</h2>
      <ViewNotice query={query} what="The verification" />
      <FormError failure={failure} />
      {run ? (
        <Card
          title={`Verification ${run.generation}`}
          note={run.sample ? `Of a sample. Of full ones: ${freshness.sentence}` : freshness.sentence}
          actions={<RunState run={run} />}
        >
          <div className="flex flex-col gap-4">
            <RunProgress run={run} />
            {run.sample?.sentence ? <p className="text-data">{run.sample.sentence}</p> : null}
            <Account run={run} />
            <RunSegments run={run} />
            <div className="flex flex-wrap gap-2">
              <RunControl key={run.id} run={run} />
              {isRunOpen(run) ? null : (
                <>
                  {button}
                  <StartSample tableId={tableId} isDisabled={!mayStart} />
                </>
              )}
            </div>
          </div>
        </Card>
      ) : (
        <EmptyState kind="never" title="Both sides have not been compared yet" actions={mayStart ? button : null}>
          A verification starts by itself when the backfill is complete. It reads the source against the target, then
          the target for what the source does not have.
        </EmptyState>
      )}
      {run || evidence.settled ? <Evidence evidence={evidence} table={table} /> : null}
      {run ? <Mismatches tableId={tableId} run={run} /> : null}
      {run || sqlReadBacks.looks.length > 0 ? (
        <SqlReadBacks tableId={tableId} sql={sqlReadBacks} mayStart={mayStart} />
      ) : null}
      {older.length > 0 ? (
        <Card title="Earlier verifications">
          <DataTable label="Earlier verifications" columns={olderColumns} rows={older} rowKey={(each) => each.id} />
        </Card>
      ) : null}
    </div>
  );
}

function Account({ run }: { run: RunView }) {
  return (
    <dl
      className="grid grid-cols-2 gap-x-4 gap-y-2 rounded-control bg-sunken p-3 text-data sm:grid-cols-4"
      aria-label="What the comparison found"
    >
      <Fact name="Compared">{formatCount(run.compared)}</Fact>
      <Fact name="Suspects, read again">{formatCount(run.suspects)}</Fact>
      <Fact name="Hot, written meanwhile">{formatCount(run.hot)}</Fact>
      <Fact name="In flight, marked">{formatCount(run.inFlight)}</Fact>
      <Fact name="Expired">{formatCount(run.itemsExpired)}</Fact>
      <Fact name="Mismatches">
        <span className={run.mismatches > 0 ? 'font-medium text-bad-fg' : 'font-medium'}>
          {formatCount(run.mismatches)}
        </span>
      </Fact>
      <Fact name="Stops after">{formatCount(run.mismatchesMax)} found</Fact>
    </dl>
  );
}

const olderColumns: readonly Column<RunView>[] = [
  {
    key: 'generation',
    head: 'Run',
    isRowHeader: true,
    cell: (run) => `Verification ${run.generation}${run.sample ? ', sample' : ''}`,
  },
  {
    key: 'state',
    head: 'State',
    cell: (run) => <Badge tone={RUN_LOOK[run.state].tone}>{RUN_LOOK[run.state].word}</Badge>,
  },
  { key: 'compared', head: 'Compared', isNumber: true, cell: (run) => formatCount(run.compared) },
  { key: 'mismatches', head: 'Mismatches', isNumber: true, cell: (run) => formatCount(run.mismatches) },
  { key: 'finished', head: 'Finished', cell: (run) => <TimeAgo at={run.finishedAt} never="not finished" /> },
];
