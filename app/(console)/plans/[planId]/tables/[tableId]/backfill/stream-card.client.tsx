'use client';

import { useAct } from '@/app/_data/use-act';
import { CopyId } from '@/app/_ui/kit/copy-id';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { FormError } from '@/app/_ui/kit/form-error';
import { formatCount, formatDuration } from '@/app/_ui/kit/format';
import { KeyValues } from '@/app/_ui/kit/key-values';
import { MetricTile } from '@/app/_ui/kit/metric-tile';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import type { StreamView, TableView } from '@/lib/contracts/views';
import { setLiveChannel } from './source-actions';

/** What carries live writes: gateways alone, or the source's stream beside them, with its lag and headroom. */
export function StreamCard({ table, stream }: { table: TableView; stream: StreamView | null }) {
  if (stream === null && (table.stage !== 'planned' || table.strategy === 'big_bang')) return null;
  return (
    <Card
      title="Live channel"
      note={
        stream
          ? 'The gateways, and the stream of the source beside them: what was written past the gateways is found and settled.'
          : 'The gateways alone. A writer that bypasses them is found by a verification only.'
      }
    >
      <div className="flex flex-col gap-4">
        {stream ? <StreamNumbers stream={stream} /> : null}
        {table.stage === 'planned' ? <Choice table={table} isOn={stream !== null} /> : null}
      </div>
    </Card>
  );
}

function Choice({ table, isOn }: { table: TableView; isOn: boolean }) {
  const { act, isPending, failure } = useAct();
  const liveChannel = isOn ? 'gateway' : 'gateway_stream';
  return (
    <div className="flex flex-col items-start gap-2">
      <FormError failure={failure} />
      <Button
        isPending={isPending}
        onClick={() => act((idempotencyKey) => setLiveChannel({ tableId: table.tableId, liveChannel, idempotencyKey }))}
      >
        {isOn ? 'Read no stream' : 'Read its stream too'}
      </Button>
      {isOn ? null : (
        <p className="text-caption text-muted">
          {table.shape.streamView
            ? `Its stream (${table.shape.streamView}) is used as it is.`
            : 'A stream of keys is turned on when dual write begins, and stays on.'}{' '}
          For every write, keys are read on both stores.
        </p>
      )}
    </div>
  );
}

function StreamNumbers({ stream }: { stream: StreamView }) {
  const isLost = stream.state === 'lost';
  const isBehind = stream.lagMs !== null && stream.lagMs > stream.lagLimitMs;
  const lagTone = isLost ? 'bad' : stream.lagMs === null ? 'idle' : isBehind ? 'warn' : 'ok';
  return (
    <>
      {stream.fault ? (
        <p className={isLost ? 'text-bad-fg text-data' : 'text-data text-warn-fg'}>{stream.fault}</p>
      ) : null}
      <section aria-label="Stream" className="grid grid-cols-2 gap-2 sm:grid-cols-4">
        <MetricTile
          label="Behind"
          value={stream.lagMs === null ? '–' : formatDuration(stream.lagMs)}
          limit={`limit ${formatDuration(stream.lagLimitMs)}`}
          note={stream.lagMs === null ? 'not read yet' : 'until its keys were settled'}
          tone={lagTone}
        />
        <MetricTile
          label="Headroom"
          value={stream.headroomMs === null ? '–' : formatDuration(stream.headroomMs)}
          limit="of 24 h"
          note="until records are trimmed"
          tone={lagTone}
        />
        <MetricTile
          label="Past the gateway"
          value={formatCount(stream.besideGateway)}
          limit="limit 0 at the flip"
          note="writes beside the gateway"
          at={stream.besideLastAt ?? undefined}
          tone={stream.besideGateway > 0 ? 'warn' : stream.lagMs === null ? 'idle' : 'ok'}
        />
        <MetricTile
          label="Records read"
          value={formatCount(stream.records)}
          note={`${formatCount(stream.keysMarked)} keys settled, ${formatCount(stream.expiries)} expired`}
        />
      </section>
      <KeyValues
        columns={2}
        items={[
          { label: 'Position stored', value: <TimeAgo at={stream.positionAt} never="not yet" /> },
          { label: 'Canary seen in it', value: <TimeAgo at={stream.canarySeenAt} never="not yet" /> },
          {
            label: 'View',
            value: stream.view ?? '–',
            note: stream.enabledByLandfall ? 'turned on by Landfall, which leaves it on' : 'was there, used as it is',
          },
          { label: 'Shards', value: shardsOf(stream) },
        ]}
      />
      {stream.beside.length > 0 ? (
        <DataTable
          label="Keys written past the gateways, the latest first"
          columns={besideColumns}
          rows={stream.beside}
          rowKey={(row) => row.key}
          heightClassName="max-h-64 overflow-y-auto"
        />
      ) : null}
    </>
  );
}

const besideColumns: readonly Column<StreamView['beside'][number]>[] = [
  {
    key: 'key',
    head: 'Written past the gateways',
    isRowHeader: true,
    cell: (row) => <CopyId value={row.key} what="key" />,
  },
  { key: 'times', head: 'Times', isNumber: true, cell: (row) => formatCount(row.times) },
  { key: 'first', head: 'First seen', cell: (row) => <TimeAgo at={row.firstSeenAt} /> },
  { key: 'last', head: 'Last seen', cell: (row) => <TimeAgo at={row.lastSeenAt} /> },
];

function shardsOf({ shards }: StreamView): string {
  const reading = shards.filter((shard) => shard.state === 'reading').length;
  const waiting = shards.length - reading;
  return `${reading} being read${waiting > 0 ? `, ${waiting} after their parents` : ''}`;
}
