'use client';

import { useState } from 'react';
import { STAGE_LOOK } from '@/lib/domain/plan/display';
import { STAGES } from '@/lib/domain/plan/stages';
import { TimeSeriesChart } from '../_ui/charts/time-series-chart';
import { Banner } from '../_ui/kit/banner';
import { CopyId } from '../_ui/kit/copy-id';
import { DataTable } from '../_ui/kit/data-table';
import { EmptyState } from '../_ui/kit/empty-state';
import { FormError } from '../_ui/kit/form-error';
import { GateList } from '../_ui/kit/gate-list';
import { ItemDiff } from '../_ui/kit/item-diff';
import { KeyValues } from '../_ui/kit/key-values';
import { MetricTile } from '../_ui/kit/metric-tile';
import { MoveDialog } from '../_ui/kit/move-dialog';
import { PageHead } from '../_ui/kit/page-head';
import { railSteps } from '../_ui/kit/rail-steps';
import { RollBackButton } from '../_ui/kit/roll-back-button';
import { SegmentMap } from '../_ui/kit/segment-map';
import { ShareSlider } from '../_ui/kit/share-slider';
import { StageRail } from '../_ui/kit/stage-rail';
import { StatusBadge } from '../_ui/kit/status-badge';
import { Duration, Eta, TimeAgo } from '../_ui/kit/time-ago';
import { Button } from '../_ui/primitives/button';
import { Card } from '../_ui/primitives/card';
import { Checkbox, RadioGroup } from '../_ui/primitives/checkbox';
import { Field, TextField } from '../_ui/primitives/field';
import { Progress } from '../_ui/primitives/progress';
import { Select } from '../_ui/primitives/select';
import { Switch } from '../_ui/primitives/switch';
import { Tab, TabPanel, Tabs, TabsList } from '../_ui/primitives/tabs';
import { toast } from '../_ui/primitives/toast';
import { ThemeMenu } from '../_ui/shell/theme-menu';
import { TONES } from '../_ui/tone';
import { CHART_MARKS, CHART_POINTS, CHART_START_MS, DIFF_ROWS, DRY_RUN, GATES, SEGMENTS, TABLE_ROWS } from './samples';

export function Gallery() {
  return (
    <main className="mx-auto flex max-w-content flex-col gap-4 p-4">
      <PageHead
        title="Kit gallery"
        note="Samples, not measurements."
        actions={<ThemeMenu />}
        status={<StatusBadge display={{ label: 'Sample', tone: 'idle', icon: 'circle-dashed' }} />}
      />
      <Badges />
      <Card title="Stage rail">
        <StageRail
          steps={railSteps('dual_write', 'shift', {
            notes: { shift: 'since 12 min', target_first: '3 of 5 gates met' },
          })}
        />
      </Card>
      <Moves />
      <Numbers />
      <Parts />
      <Forms />
    </main>
  );
}

function Badges() {
  return (
    <Card title="Badges">
      <div className="flex flex-wrap gap-2">
        {STAGES.map((stage) => (
          <StatusBadge key={stage} display={STAGE_LOOK[stage]} />
        ))}
        <StatusBadge
          display={{
            ...STAGE_LOOK.backfill,
            segments: [
              { label: 'Throttled: 429, 2 s', tone: 'warn' },
              { label: 'Fault', tone: 'bad' },
            ],
          }}
        />
        {TONES.map((tone) => (
          <StatusBadge key={tone} display={{ label: tone, tone, icon: '' }} />
        ))}
      </div>
    </Card>
  );
}

function Moves() {
  const [draft, setDraft] = useState(10_000);
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title="Read share">
        <ShareSlider
          label="Read share of orders"
          draftMilli={draft}
          onDraft={setDraft}
          desiredMilli={1_000}
          observedMilli={980}
          allowedMilliMax={10_000}
        />
        <div className="mt-4 flex flex-wrap items-start gap-3">
          <MoveDialog
            trigger={<Button variant="primary">Shift reads to 10 %</Button>}
            title="Flip write authority of orders to TerraScale"
            commitLabel="Flip write authority"
            usersNotice="Writes wait for at most 2 s, then go on."
            undo="Flip back, until the source is closed. Nothing is lost."
            confirm="typed_name"
            typedName="orders"
            loadDryRun={async () => ({ ok: true, data: DRY_RUN })}
            onCommit={async () => ({
              ok: false,
              code: 'table.lost_race',
              message: 'orders moved to 10 % by Grace 12 s ago.',
            })}
          />
          <RollBackButton
            label="Reads of orders back to DynamoDB"
            hasShortcut
            onRollBack={async () => ({ ok: true, data: null })}
          />
        </div>
      </Card>
      <Card title="Gates">
        <GateList gates={GATES} />
      </Card>
    </div>
  );
}

function Numbers() {
  return (
    <>
      <div className="grid grid-cols-1 gap-3 sm:grid-cols-2 xl:grid-cols-4">
        <MetricTile label="Oldest dirty key" value="4.2" unit="s" limit="limit 2 s" tone="bad" at={CHART_START_MS} />
        <MetricTile label="Real mismatches" value="0" limit="limit 0" tone="ok" at={CHART_START_MS} />
        <MetricTile
          label="Fall-back rate"
          value="0.4"
          unit="%"
          limit="limit 1 %"
          tone="warn"
          at={CHART_START_MS}
          isStale
        />
        <MetricTile label="Observed share" value="no reads yet" at={null} />
      </div>
      <div className="grid gap-4 lg:grid-cols-2">
        <TimeSeriesChart
          title="Reads by store"
          caption="TerraScale answers 10 % of reads."
          unit="reads/s"
          points={CHART_POINTS}
          series={[
            { key: 'source', label: 'DynamoDB', role: 'source' },
            { key: 'target', label: 'TerraScale', role: 'target' },
          ]}
          threshold={{ value: 950, label: 'limit 950/s' }}
          marks={CHART_MARKS}
          syncId="gallery"
        />
        <TimeSeriesChart
          title="Latency"
          caption="p99 of TerraScale is below its limit."
          unit="ms"
          points={CHART_POINTS}
          series={[
            { key: 'p50', label: 'TerraScale p50', role: 'target' },
            { key: 'p99', label: 'TerraScale p99', role: 'target', isDashed: true },
          ]}
          syncId="gallery"
        />
      </div>
      <Card title="Segments">
        <Progress value={62} label="Backfill" says="62 % of about 1.2 M items, estimate" />
        <SegmentMap className="mt-3" segments={SEGMENTS} />
      </Card>
    </>
  );
}

function Parts() {
  return (
    <>
      <Card title="Table">
        <DataTable
          label="Sample tables"
          rows={TABLE_ROWS}
          rowKey={(row) => row.name}
          columns={[
            { key: 'name', head: 'Table', cell: (row) => row.name, sortBy: (row) => row.name, isRowHeader: true },
            { key: 'stage', head: 'Stage', cell: (row) => <StatusBadge display={STAGE_LOOK[row.stage]} /> },
            { key: 'id', head: 'Id', cell: (row) => <CopyId value={row.id} /> },
            { key: 'rows', head: 'Items', isNumber: true, cell: (row) => row.items, sortBy: (row) => row.items },
            { key: 'at', head: 'Changed', cell: (row) => <TimeAgo at={CHART_START_MS - row.items * 1_000} /> },
          ]}
        />
      </Card>
      <Card title="Item">
        <ItemDiff label="Images of one key" isMasked={false} rows={DIFF_ROWS} />
        <ItemDiff className="mt-4" label="Images of one key, masked" isMasked rows={DIFF_ROWS} />
      </Card>
      <div className="grid gap-4 lg:grid-cols-2">
        <Card title="Facts">
          <KeyValues
            items={[
              { label: 'Epoch', value: '42', note: '3 of 3 gateways' },
              { label: 'Time left', value: <Eta fromMs={240_000} toMs={400_000} /> },
              { label: 'Pause', value: <Duration ms={1_234} /> },
            ]}
          />
        </Card>
        <div className="flex flex-col gap-3">
          <Banner tone="warn" title="orders is held" icon="pause" actions={<Button size="sm">Resume</Button>}>
            Ada paused it 12 min ago: waiting for the quota.
          </Banner>
          <EmptyState kind="failed" title="The fleet could not be loaded" actions={<Button>Try again</Button>}>
            database.unavailable: Postgres does not answer. Traffic is not affected.
          </EmptyState>
          <EmptyState kind="never" title="No plan yet" actions={<Button variant="primary">New plan</Button>}>
            A plan moves tables from a source to a target.
          </EmptyState>
        </div>
      </div>
    </>
  );
}

function Forms() {
  return (
    <Card title="Forms">
      <FormError
        failure={{
          ok: false,
          code: 'input.invalid',
          message: '2 fields are not right; nothing was changed.',
          fields: { name: ['A name of 1 to 100 characters.'], role: ['One of four.'] },
        }}
      />
      <div className="mt-3 grid gap-4 md:grid-cols-2">
        <TextField label="Name" error="A name of 1 to 100 characters." name="name" hint="Stands beside everything." />
        <Field label="Role" name="role">
          <Select
            choices={[
              { value: 'viewer', label: 'Viewer', hint: 'Sees everything, changes nothing' },
              { value: 'operator', label: 'Operator' },
            ]}
          />
        </Field>
        <RadioGroup
          aria-label="Strategy"
          defaultValue="dual_write"
          choices={[
            { value: 'dual_write', label: 'Dual write', hint: 'No downtime; the application talks to the gateway.' },
            { value: 'big_bang', label: 'Big bang', hint: 'Writes stop while the table is copied.' },
          ]}
        />
        <div className="flex flex-col gap-2">
          <Checkbox label="Create the table on the target" hint="With the key of the source." defaultChecked />
          <Checkbox label="Only what I may see" />
          <Switch label="Keyboard shortcuts" defaultChecked />
          <div className="flex flex-wrap gap-2">
            <Button onClick={() => toast('Copied', 'The command is in the clipboard.')}>Toast</Button>
            <Button variant="danger">Close the source</Button>
            <Button disabled>Not allowed</Button>
            <Button variant="primary" isPending>
              Working…
            </Button>
          </div>
        </div>
      </div>
      <Tabs defaultValue="sdk" className="mt-4">
        <TabsList>
          <Tab value="sdk">JavaScript</Tab>
          <Tab value="py">Python</Tab>
        </TabsList>
        <TabPanel value="sdk">endpoint</TabPanel>
        <TabPanel value="py">endpoint_url</TabPanel>
      </Tabs>
    </Card>
  );
}
