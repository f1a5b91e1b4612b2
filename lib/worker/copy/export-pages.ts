/**
 * Pages of one data file of an export. The file is fetched and its MD5 checked before its first item is used; lines that
 * a former holder has done are left out; at its end it must have held as many items as its manifest says. A file that is
 * not what its manifest says stops the run: nobody can tell what it lacks.
 */
import { exportLocation } from '@/db/queries/export';
import { lineCursor, lineOf } from '@/db/queries/segment';
import { keyPlacesOf } from '@/lib/adapters/dynamodb/slices/item-key';
import type { SlicedPage } from '@/lib/adapters/dynamodb/slices/scan-slices';
import type { StoreCredentials } from '@/lib/adapters/ports';
import { DataFile } from '@/lib/adapters/s3-export/data-file';
import { itemsOf } from '@/lib/adapters/s3-export/lines';
import { type ExportFiles, ExportTrouble, openExport } from '@/lib/adapters/s3-export/places';
import type { SegmentFile } from '@/lib/domain/export/export';
import type { WireItem } from '@/lib/domain/item/item';
import { invariant } from '@/lib/domain/result';
import type { WorkerContext } from '../context';
import { PAGE_ITEMS_MIN } from '../limits';
import type { SegmentWork } from '../segment-work';

/** Bytes of one page before it is written, like a page of a scan. */
const PAGE_BYTES_MAX = 4 * 1024 * 1024;

export interface ExportPage {
  page: SlicedPage;
  deleted: string[];
}

export class ExportPages {
  #files: ExportFiles | null = null;
  #data: DataFile | null = null;
  readonly #file: SegmentFile;

  constructor(
    private readonly ctx: WorkerContext,
    private readonly work: SegmentWork,
    private readonly credentials: StoreCredentials,
  ) {
    invariant(work.segment.file, 'a segment of an export has a file');
    this.#file = work.segment.file;
  }

  /** The page after `cursor`, or null when the work must stop; `work.fault` says why where something is wrong. */
  async next(cursor: WireItem | null): Promise<ExportPage | null> {
    const { work, ctx } = this;
    const limit = Math.min(ctx.limits.pageItemsMax, Math.max(PAGE_ITEMS_MIN, work.itemsPerSecond()));
    if (!(await work.turnOfRun(limit))) return null;
    try {
      return await this.#next(cursor, limit);
    } catch (error) {
      if (!(error instanceof ExportTrouble)) throw error;
      work.fault ??= { sentence: error.message, isLasting: error.kind !== 'unreachable' };
      return null;
    }
  }

  async #next(cursor: WireItem | null, linesMax: number): Promise<ExportPage | null> {
    const data = await this.#open(lineOf(cursor));
    if (data === null) return null;
    const { schema, ttlAttribute } = this.work.table;
    const { key, itemCount, type } = this.#file;
    const { lines, isLast } = await data.next({ linesMax, bytesMax: PAGE_BYTES_MAX });
    if (isLast && data.linesRead !== itemCount)
      throw new ExportTrouble('corrupt', `${key} holds ${data.linesRead} items, and the manifest says ${itemCount}.`);
    const { items, deleted } = itemsOf(lines, { type, schema, places: keyPlacesOf(schema, ttlAttribute), key });
    const next = isLast ? null : lineCursor(data.linesRead);
    return { page: { items, cursor: next, consumedUnits: null, body: null }, deleted };
  }

  async #open(line: number): Promise<DataFile | null> {
    if (this.#data !== null) return this.#data;
    const { ctx, work } = this;
    const location = await exportLocation(ctx.sql, work.table.planTableId);
    if (location === null) throw new ExportTrouble('missing', 'Where the export lies is not known any more.');
    this.#files ??= await openExport(location, this.credentials);
    const isLocal = location.kind === 'folder';
    const data = await DataFile.open(this.#files, this.#file, { isLocal, mayGoOn: () => work.mayGoOn() });
    if (data === null) return null;
    this.#data = data;
    await data.skip(line);
    return data;
  }

  async close(): Promise<void> {
    await this.#data?.close();
    this.#files?.close();
  }
}
