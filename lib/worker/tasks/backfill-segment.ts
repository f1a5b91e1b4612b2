/** One segment of a backfill: pages of the source, written to the target and confirmed (PROTOCOL section 3). */

import { markKeys } from '@/db/queries/dirty';
import { giveAnswerRoomBack } from '@/lib/adapters/dynamodb/slices/answer-room';
import type { WireItem } from '@/lib/domain/item/item';
import { isMirroring } from '@/lib/domain/plan/stages';
import type { WorkerContext } from '../context';
import { ExportPages } from '../copy/export-pages';
import { copyPage } from '../copy/page';
import { Scanner } from '../scan';
import type { SegmentWork } from '../segment-work';
import { type PageResult, runSegment } from './run-segment';

export async function backfillSegment(ctx: WorkerContext, payload: { segmentId: string }): Promise<void> {
  const opened: ExportPages[] = [];
  try {
    await runSegment(ctx, { segmentId: payload.segmentId, kind: 'backfill' }, (work) =>
      work.segment.file === null ? backfillPager(ctx, work) : exportPager(ctx, work, opened),
    );
  } finally {
    for (const pages of opened) await pages.close();
  }
}

/** Pages of one file of an export, in the same pipeline: every item is confirmed against the table itself. */
async function exportPager(ctx: WorkerContext, work: SegmentWork, opened: ExportPages[]) {
  const { table } = work;
  const [source, target] = await Promise.all([
    ctx.stores.get(table.sourceConnectionId),
    ctx.stores.get(table.targetConnectionId),
  ]);
  const pages = new ExportPages(ctx, work, source.wire.target.credentials);
  opened.push(pages);
  ctx.atWork.set(work.segment.segmentId, { runId: work.segment.runId, paces: [target.pace, source.pace] });
  return async (cursor: WireItem | null): Promise<PageResult> => {
    if (!mayCopy(work)) return notDualWriting(work);
    const read = await pages.next(cursor);
    if (!read) return { kind: 'stopped' };
    const { planTableId, schema } = table;
    const { deleted, page } = read;
    // Deletes are settled as keys: whether the item is still gone only the table itself can say.
    if (deleted.length > 0) await markKeys(ctx.sql, { planTableId, schema, keyIds: deleted, cause: 'export_record' });
    const end = await copyPage(ctx, work, { source, target, page, marked: deleted.length });
    if (end !== 'done') return { kind: end };
    return page.cursor === null ? { kind: 'finished' } : { kind: 'next', cursor: page.cursor };
  };
}

function notDualWriting(work: SegmentWork): PageResult {
  work.fault = { sentence: 'The table does not dual write any more, so nothing is copied.', isLasting: true };
  return { kind: 'stopped' };
}

async function backfillPager(ctx: WorkerContext, work: SegmentWork) {
  const { table } = work;
  const [source, target] = await Promise.all([
    ctx.stores.get(table.sourceConnectionId),
    ctx.stores.get(table.targetConnectionId),
  ]);
  const paces = [source.pace, target.pace];
  const scanner = new Scanner(ctx, work, { store: source, table: table.tableName, paces });
  ctx.atWork.set(work.segment.segmentId, { runId: work.segment.runId, paces: [target.pace, source.pace] });
  return async (cursor: WireItem | null): Promise<PageResult> => {
    if (!mayCopy(work)) return notDualWriting(work);
    const page = await scanner.next(cursor);
    if (!page) return { kind: 'stopped' };
    const end = await copyPage(ctx, work, { source, target, page });
    if (end !== 'done') return { kind: end };
    if (page.body !== null) giveAnswerRoomBack(page.body);
    return page.cursor === null ? { kind: 'finished' } : { kind: 'next', cursor: page.cursor };
  };
}

/** Copying needs its live channel: both stores take the writes, or nobody writes (big bang). The source is the truth. */
function mayCopy({ table }: SegmentWork): boolean {
  return (
    table.authority === 'source' && (isMirroring(table.writes) || table.writes === 'refused' || table.writes === 'held')
  );
}
