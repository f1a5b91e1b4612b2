/** One segment of a backfill: pages of the source, written to the target and confirmed (PROTOCOL section 3). */

import type { WireItem } from '@/lib/domain/item/item';
import { isMirroring } from '@/lib/domain/plan/stages';
import type { WorkerContext } from '../context';
import { copyPage } from '../copy/page';
import { Scanner } from '../scan';
import type { SegmentWork } from '../segment-work';
import { type PageResult, runSegment } from './run-segment';

export async function backfillSegment(ctx: WorkerContext, payload: { segmentId: string }): Promise<void> {
  await runSegment(ctx, payload.segmentId, (work) => backfillPager(ctx, work));
}

async function backfillPager(ctx: WorkerContext, work: SegmentWork) {
  const { table } = work;
  const [source, target] = await Promise.all([
    ctx.stores.get(table.sourceConnectionId),
    ctx.stores.get(table.targetConnectionId),
  ]);
  const scanner = new Scanner(ctx, work, { store: source, table: table.tableName });
  ctx.atWork.set(work.segment.segmentId, { runId: work.segment.runId, paces: [target.pace, source.pace] });
  return async (cursor: WireItem | null): Promise<PageResult> => {
    if (!mayCopy(work)) {
      work.fault = { sentence: 'The table does not dual write any more, so nothing is copied.', isLasting: true };
      return { kind: 'stopped' };
    }
    const page = await scanner.next(cursor);
    if (!page) return { kind: 'stopped' };
    const end = await copyPage(ctx, work, { source, target, page });
    if (end !== 'done') return { kind: end };
    return page.cursor === null ? { kind: 'finished' } : { kind: 'next', cursor: page.cursor };
  };
}

/** Copying needs its live channel: both stores take the writes, or nobody writes (big bang). The source is the truth. */
function mayCopy({ table }: SegmentWork): boolean {
  return (
    table.authority === 'source' && (isMirroring(table.writes) || table.writes === 'refused' || table.writes === 'held')
  );
}
