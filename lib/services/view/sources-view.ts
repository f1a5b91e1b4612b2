import { eq } from 'drizzle-orm';
import { readBeside, readShards, readStream } from '@/db/queries/view/stream';
import { exportSource, planTable } from '@/db/schema';
import type { CopySourceView, StreamView } from '@/lib/contracts/source-views';
import { shownUntilMs } from '@/lib/domain/export/export';
import { headroomMsOf, STREAM_LAG_MS_MAX } from '@/lib/domain/plan/stream-gates';
import type { ServiceContext } from '../context';
import { isChoosable } from '../export/choose-source';
import type { LoadedFacts } from '../table/facts';
import { sayKey } from './say-key';
import { iso } from './table-row';

/** The stream of a table with the same numbers as its gates; null: none is read. */
export async function streamView(
  ctx: ServiceContext,
  tableId: string,
  seen: { loaded: LoadedFacts; mayReadValues: boolean },
): Promise<StreamView | null> {
  const { stream } = seen.loaded.facts;
  if (stream === null) return null;
  const [row, shards, beside] = await Promise.all([
    readStream(ctx.sql, tableId),
    readShards(ctx.sql, tableId),
    readBeside(ctx.sql, tableId),
  ]);
  return {
    state: stream.state,
    arn: row?.arn ?? null,
    view: row?.view ?? null,
    enabledByLandfall: row?.enabledByLandfall ?? false,
    positionAt: iso(row?.positionAt ?? null),
    canarySeenAt: iso(row?.canarySeenAt ?? null),
    fault: stream.fault,
    lagMs: stream.lagMs,
    headroomMs: headroomMsOf(stream),
    lagLimitMs: STREAM_LAG_MS_MAX,
    records: row?.records ?? 0,
    keysMarked: row?.keysMarked ?? 0,
    expiries: row?.expiries ?? 0,
    besideGateway: stream.besideGateway,
    besideLastAt: iso(row?.besideLastAt ?? null),
    beside: beside.map(({ keyId, times, firstSeenAt, lastSeenAt }) => ({
      key: sayKey(keyId, seen.mayReadValues),
      times,
      firstSeenAt: firstSeenAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString(),
    })),
    shards: shards.map(({ id, state, parentId, records, lagMs, worker }) => ({
      id,
      state,
      parentId,
      records,
      lagMs,
      worker,
    })),
  };
}

/** What a backfill of the table reads. */
export async function copySourceView(ctx: ServiceContext, tableId: string): Promise<CopySourceView> {
  const [[table], [row]] = await Promise.all([
    ctx.db.select({ stage: planTable.stage }).from(planTable).where(eq(planTable.id, tableId)),
    ctx.db.select().from(exportSource).where(eq(exportSource.planTableId, tableId)),
  ]);
  return {
    isOpen: table !== undefined && isChoosable(table.stage),
    folderMissing: ctx.exportDir === null ? 'Set LANDFALL_EXPORT_DIR to read exports from a folder.' : null,
    export: row
      ? {
          state: row.state,
          location: row.location,
          shownUntilAt: iso(row.shownUntilAt),
          itemCount: row.itemCount,
          filesTotal: row.filesTotal,
          exports: row.manifests.map((one) => ({
            prefix: one.prefix,
            type: one.type,
            itemCount: one.itemCount,
            files: one.files.length,
            until: new Date(shownUntilMs(one)).toISOString(),
          })),
          failure: row.failure,
          chosenBy: row.chosenBy,
          chosenAt: row.chosenAt.toISOString(),
        }
      : null,
  };
}
