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
  query: UseQueryResult<Pick<DeadLetterItemView, 'masked' | 'formNote' | 'rows'>, Error>;
  itemKey: string;
}) {
  if (!query.data) return <ViewMissing query={query} what="both images" />;
  const { formNote, masked, rows } = query.data;
  return (
    <>
      {formNote ? <p className="text-data text-text-2">{formNote}</p> : null}
      <ItemDiff
        label={`Both images of ${itemKey}`}
        isMasked={masked}
        rows={rows.map((row) => ({ ...row, isDifferent: row.class !== 'equal' }))}
      />
    </>
  );
}
