import { err, ok, type Result } from '../result';

export type ExportLocation =
  /** A folder of the machine, below the one that the configuration allows. */
  | { kind: 'folder'; path: string }
  | { kind: 'bucket'; bucket: string; region: string /** Null: Amazon's own. */; endpoint: string | null };

export interface ExportFile {
  /** As it lies in the place, after the quirks of the manifest. */
  key: string;
  /** Base64 of the compressed object's MD5. */
  md5: string;
  itemCount: number;
}

export interface ExportManifest {
  /** Folder of the manifest's files. */
  prefix: string;
  type: 'FULL_EXPORT' | 'INCREMENTAL_EXPORT';
  tableArn: string;
  tableName: string;
  /** What a full export shows, epoch ms. */
  exportTimeMs: number | null;
  /** The window of an incremental one: from inclusive, to exclusive. */
  fromMs: number | null;
  toMs: number | null;
  itemCount: number;
  files: ExportFile[];
}

/** A segment of a backfill that reads a file. */
export interface SegmentFile extends ExportFile {
  type: ExportManifest['type'];
}

/** A full export shows its time within a minute, unless that lay in the past when it was asked for. */
export const EXPORT_FUZZ_MS = 60_000;
export const EXPORTS_MAX = 40;

/** The instant up to which an export shows the table. */
export const shownUntilMs = (manifest: ExportManifest): number =>
  (manifest.toMs ?? manifest.exportTimeMs ?? 0) as number;

/**
 * One full export and the incremental ones after it, in order and without a gap; else a sentence. Each file may be read
 * at any time and by anybody, because every item is confirmed against the table itself; the order only saves marks.
 */
export function orderExports(
  given: readonly ExportManifest[],
  table: string,
): Result<{ manifests: ExportManifest[]; shownUntilMs: number }, string> {
  const other = given.find((one) => one.tableName !== table);
  if (other) return err(`${other.prefix} is an export of the table ${other.tableName}, not of ${table}.`);
  const full = given.filter((one) => one.type === 'FULL_EXPORT');
  const first = full[0];
  if (!first) return err('None of these is a full export; a copy begins with one.');
  if (full.length > 1)
    return err(`${full.length} of these are full exports; give one, and the incremental ones after it.`);
  const later = given
    .filter((one) => one.type === 'INCREMENTAL_EXPORT')
    .sort((a, b) => (a.fromMs as number) - (b.fromMs as number));
  let untilMs = shownUntilMs(first);
  for (const one of later) {
    if ((one.fromMs as number) > untilMs) {
      const gap = `${new Date(untilMs).toISOString()} to ${new Date(one.fromMs as number).toISOString()}`;
      return err(`The exports leave a gap: nothing shows ${gap}.`);
    }
    untilMs = Math.max(untilMs, shownUntilMs(one));
  }
  return ok({ manifests: [first, ...later], shownUntilMs: untilMs });
}

/** What an export costs at the service's list price, by the size that the table reports. */
export interface ExportCost {
  sizeBytes: number;
  dollars: number;
  dollarsPerGb: number;
  /** Where and when the price was read. */
  priceFrom: string;
}

const BYTES_PER_GB = 1024 ** 3;
/** The price is a setting of the connection's owner to check: it differs by region and changes. */
export const EXPORT_PRICE = { dollarsPerGb: 0.1, priceFrom: 'list price of us-east-1, read in November 2026' } as const;

export const exportCostOf = (sizeBytes: number): ExportCost => ({
  sizeBytes,
  dollars: Math.round((sizeBytes / BYTES_PER_GB) * EXPORT_PRICE.dollarsPerGb * 100) / 100,
  ...EXPORT_PRICE,
});
