'use client';

import { CopyId } from '@/app/_ui/kit/copy-id';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { formatCount, formatDuration } from '@/app/_ui/kit/format';
import { StatusBadge } from '@/app/_ui/kit/status-badge';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Card } from '@/app/_ui/primitives/card';
import type { GatewayView } from '@/lib/contracts/views';
import { GatewayPassing } from './pass-by.client';

function displayOf(gateway: GatewayView) {
  if (gateway.state === 'goodbye')
    return {
      label: 'Said goodbye',
      tone: 'idle',
      icon: 'archive',
      says: 'It ended in order and is waited for no more.',
    } as const;
  if (gateway.state === 'declared_dead' && gateway.passing?.isDead === false)
    return {
      label: 'Gone',
      tone: 'warn',
      icon: 'clock',
      says: 'Its machine is said to be gone: barriers pass it, fences wait for the proof.',
    } as const;
  if (gateway.state === 'declared_dead')
    return { label: 'Declared dead', tone: 'idle', icon: 'cross', says: 'Somebody declared it dead by name.' } as const;
  if (gateway.isSilent)
    return {
      label: 'Silent',
      tone: 'bad',
      icon: 'alert',
      says: 'It says nothing, and may serve all the same: barriers and fences wait for it.',
    } as const;
  if (gateway.acknowledgedEpoch < gateway.currentEpoch)
    return {
      label: 'Behind',
      tone: 'warn',
      icon: 'clock',
      says: 'It has not acknowledged the newest routing yet.',
    } as const;
  return { label: 'Current', tone: 'ok', icon: 'check', says: 'It obeys the newest routing.' } as const;
}

export function GatewayTable({ gateways }: { gateways: readonly GatewayView[] }) {
  return (
    <Card title="Gateways">
      <DataTable
        label="Gateways"
        columns={columns}
        rows={gateways}
        rowKey={(gateway) => gateway.id}
        isStickyHead={false}
        empty={
          <EmptyState kind="never" title="No gateway has started yet" className="border-0 p-0">
            Start one with <code className="font-mono">npm run gateway</code>; it registers by itself. Until then no
            table can begin dual write.
          </EmptyState>
        }
      />
    </Card>
  );
}

const columns: readonly Column<GatewayView>[] = [
  {
    key: 'id',
    head: 'Gateway',
    isRowHeader: true,
    sortBy: (gateway) => gateway.identity,
    cell: (gateway) => (
      <>
        <CopyId value={gateway.identity} what="identity" />
        <span className="block font-normal text-caption text-muted">
          {gateway.host}, {gateway.listen}, version {gateway.version}
        </span>
        {gateway.verifiesSignatures ? null : (
          <StatusBadge
            display={{
              label: 'Verifies nothing',
              tone: 'warn',
              icon: 'alert',
              says: 'It was started for development: it serves whoever asks on its machine, whatever the signature.',
            }}
          />
        )}
      </>
    ),
  },
  {
    key: 'state',
    head: 'State',
    cell: (gateway) => (
      <div className="flex flex-col items-start gap-1">
        <StatusBadge display={displayOf(gateway)} />
        <GatewayPassing gateway={gateway} />
      </div>
    ),
  },
  {
    key: 'epoch',
    head: 'Epoch',
    isNumber: true,
    sortBy: (gateway) => gateway.acknowledgedEpoch,
    cell: (gateway) => `${formatCount(gateway.acknowledgedEpoch)} of ${formatCount(gateway.currentEpoch)}`,
  },
  {
    key: 'age',
    head: 'Last word',
    cell: (gateway) =>
      gateway.goodbyeAt ? (
        <>
          goodbye <TimeAgo at={gateway.goodbyeAt} />
        </>
      ) : (
        <TimeAgo at={gateway.lastSeenAt} />
      ),
  },
  { key: 'flight', head: 'In flight', isNumber: true, cell: (gateway) => formatCount(gateway.inFlight) },
  { key: 'intents', head: 'Intents open', isNumber: true, cell: (gateway) => formatCount(gateway.intentsOpen) },
  { key: 'dirty', head: 'Dirty known', isNumber: true, cell: (gateway) => formatCount(gateway.dirtyKnown) },
  {
    key: 'feed',
    head: 'Dirty feed age',
    isNumber: true,
    cell: (gateway) => (gateway.feedAgeMs === null ? 'no feed needed' : formatDuration(gateway.feedAgeMs)),
  },
  {
    key: 'tables',
    head: 'Tables',
    cell: (gateway) =>
      gateway.tables.length === 0 ? (
        <span className="text-muted">passes all through</span>
      ) : (
        gateway.tables.map((table) => table.name).join(', ')
      ),
  },
];
