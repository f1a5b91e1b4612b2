import { HydrateViews } from '@/app/_data/hydrate-views';
import { tableKeys } from '@/app/_data/table';
import { services } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { tableView } from '@/lib/services/view/table-view';
import { TableHead } from './table-head.client';

interface Props {
  params: Promise<{ planId: string; tableId: string }>;
  children: React.ReactNode;
}

export default async function TableLayout({ params, children }: Props) {
  const { planId, tableId } = await params;
  const { actor } = await requireSession();
  const read = () => tableView(services(), actor, tableId);
  return (
    <HydrateViews reads={[{ queryKey: tableKeys.one(tableId), read, isSubject: true }]}>
      <div className="flex flex-col gap-3">
        <TableHead planId={planId} tableId={tableId} />
        {children}
      </div>
    </HydrateViews>
  );
}
