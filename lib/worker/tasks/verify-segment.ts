/** One segment of a verification (DESIGN section 6): resumable by its cursor, owned by its lease like a backfill's. */
import { giveAnswerRoomBack } from '@/lib/adapters/dynamodb/slices/answer-room';
import type { WireItem } from '@/lib/domain/item/item';
import type { WorkerContext } from '../context';
import { Scanner } from '../scan';
import type { SegmentWork } from '../segment-work';
import { verifyPage } from '../verify/page';
import { type PageResult, runSegment } from './run-segment';

export async function verifySegment(ctx: WorkerContext, payload: { segmentId: string }): Promise<void> {
  await runSegment(ctx, { segmentId: payload.segmentId, kind: 'verification' }, (work) => verifyPager(ctx, work));
}

async function verifyPager(ctx: WorkerContext, work: SegmentWork) {
  const { table, segment } = work;
  const [source, target] = await Promise.all([
    ctx.stores.get(table.sourceConnectionId),
    ctx.stores.get(table.targetConnectionId),
  ]);
  const isSource = segment.side === 'source';
  const scanned = isSource
    ? { store: source, table: table.tableName }
    : { store: target, table: table.targetName, keysOnly: true };
  const scanner = new Scanner(ctx, work, { ...scanned, paces: [source.pace, target.pace] });
  ctx.atWork.set(work.segment.segmentId, { runId: work.segment.runId, paces: [target.pace, source.pace] });
  return async (cursor: WireItem | null): Promise<PageResult> => {
    const page = await scanner.next(cursor);
    if (!page) return { kind: 'stopped' };
    const end = await verifyPage(ctx, work, { table, source, target, page });
    if (end === 'limit') return { kind: 'stopped' };
    if (end !== 'done') return { kind: end };
    if (page.body !== null) giveAnswerRoomBack(page.body);
    return page.cursor === null ? { kind: 'finished' } : { kind: 'next', cursor: page.cursor };
  };
}
