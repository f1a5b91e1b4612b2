'use client';

import type { UseQueryResult } from '@tanstack/react-query';
import { ItemDiff } from '@/app/_ui/kit/item-diff';
import { ViewMissing } from '@/app/_ui/kit/view-notice';
import type { DeadLetterItemView } from '@/lib/contracts/views';

/** Both images of one key, as its dialog has read them, or why it has not. */
export function BothImages({
  query,
  itemKey,
}: {
  query: UseQueryResult<Pick<DeadLetterItemView, 'masked' | 'rows'>, Error>;
  itemKey: string;
}) {
  if (!query.data) return <ViewMissing query={query} what="both images" />;
  return (
    <ItemDiff
      label={`Both images of ${itemKey}`}
      isMasked={query.data.masked}
      rows={query.data.rows.map((row) => ({ ...row, isDifferent: row.class !== 'equal' }))}
    />
  );
}
