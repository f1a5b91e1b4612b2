'use client';

import { tableQuery } from '@/app/_data/table';
import { useView } from '@/app/_data/use-view';
import { ViewMissing } from '@/app/_ui/kit/view-notice';
import { TableAssessment } from '../../../table-assessment.client';

export function Assessment({ tableId }: { tableId: string }) {
  const query = useView(tableQuery(tableId));
  return query.data ? <TableAssessment table={query.data} /> : <ViewMissing query={query} what="the assessment" />;
}
