'use client';

import { useAct } from '@/app/_data/use-act';
import { CopyId } from '@/app/_ui/kit/copy-id';
import { type Column, DataTable } from '@/app/_ui/kit/data-table';
import { FormError } from '@/app/_ui/kit/form-error';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import type { SetAsideView } from '@/lib/contracts/views';
import { acceptSetAside } from '../actions';

/** Items that cannot be written. The table goes on, and each is accepted by name before it can be verified. */
export function SetAside({ runId, items }: { runId: string; items: readonly SetAsideView[] }) {
  const { act, isPending, failure } = useAct();
  if (items.length === 0) return null;
  const open = items.filter((item) => item.accepted === null).length;
  const columns: readonly Column<SetAsideView>[] = [
    { key: 'key', head: 'Key', isRowHeader: true, cell: (item) => <CopyId value={item.key} what="key" /> },
    { key: 'reason', head: 'Why', cell: (item) => item.reason },
    { key: 'type', head: 'Error', cell: (item) => <code className="font-mono text-caption">{item.errorType}</code> },
    {
      key: 'accepted',
      head: 'Accepted',
      cell: (item) =>
        item.accepted ? (
          <>
            {item.accepted.by} <TimeAgo at={item.accepted.at} />
          </>
        ) : (
          <Button
            size="sm"
            isPending={isPending}
            aria-label={`Leave out the item ${item.key}`}
            onClick={() => act((idempotencyKey) => acceptSetAside({ runId, setAsideIds: [item.id], idempotencyKey }))}
          >
            Leave it out
          </Button>
        ),
    },
  ];
  return (
    <Card
      title="Set aside"
      note={`${open} of ${items.length} wait for somebody to accept by name that they are not on TerraScale.`}
    >
      <FormError failure={failure} />
      <DataTable label="Items set aside" columns={columns} rows={items} rowKey={(item) => item.id} />
    </Card>
  );
}
