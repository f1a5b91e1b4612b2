import { CopyId } from '@/app/_ui/kit/copy-id';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { StatusBadge } from '@/app/_ui/kit/status-badge';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Card } from '@/app/_ui/primitives/card';
import type { WorkerView } from '@/lib/contracts/views';
import { WorkerPassing } from './pass-by.client';

function displayOf(worker: WorkerView) {
  if (worker.state === 'goodbye') return { label: 'Said goodbye', tone: 'idle', icon: 'archive' } as const;
  if (worker.state === 'exited') return { label: 'Exited', tone: 'idle', icon: 'cross' } as const;
  if (worker.state === 'withdrawn') return { label: 'Keys being taken', tone: 'warn', icon: 'clock' } as const;
  if (worker.isSilent) return { label: 'Silent', tone: 'bad', icon: 'alert' } as const;
  return { label: 'At work', tone: 'ok', icon: 'check' } as const;
}

export function WorkerTable({ workers }: { workers: readonly WorkerView[] }) {
  return (
    <Card title="Workers">
      <DataTable
        label="Workers"
        columns={columns}
        rows={workers}
        rowKey={(worker) => worker.id}
        isStickyHead={false}
        empty={
          <EmptyState kind="never" title="No worker has started yet" className="border-0 p-0">
            Start one with <code className="font-mono">npm run worker</code>. Workers copy, verify and settle; any
            number may run.
          </EmptyState>
        }
      />
    </Card>
  );
}

const columns: readonly Column<WorkerView>[] = [
  {
    key: 'id',
    head: 'Worker',
    isRowHeader: true,
    cell: (worker) => (
      <>
        <CopyId value={worker.id} what="worker id" />
        <span className="block font-normal text-caption text-muted">
          {worker.host}, process {worker.pid}, version {worker.version}
        </span>
      </>
    ),
  },
  {
    key: 'state',
    head: 'State',
    cell: (worker) => (
      <div className="flex flex-col items-start gap-1">
        <StatusBadge display={displayOf(worker)} />
        <WorkerPassing worker={worker} />
      </div>
    ),
  },
  { key: 'seen', head: 'Last word', cell: (worker) => <TimeAgo at={worker.lastSeenAt} /> },
  {
    key: 'activity',
    head: 'Doing',
    cell: (worker) =>
      worker.activity.length === 0 ? (
        <span className="text-muted">nothing now</span>
      ) : (
        worker.activity.map((each) => each.what).join(', ')
      ),
  },
];
