/**
 * The manifest of an export, read and checked: both of its files against their md5, the sum of items against the
 * summary. Quirks of the format that are met here: the checksum file is called `.md5` or `.checksum`; a full export may
 * name no type; keys may stand with the prefix of the export or without it.
 */
import { createHash } from 'node:crypto';
import type { ExportManifest } from '@/lib/domain/export/export';
import { type ExportFiles, ExportTrouble } from './places';

/** A manifest of more files than this is refused; a table of 10 TB has about a thousand partitions. */
export const EXPORT_FILES_MAX = 20_000;
const MANIFEST_BYTES_MAX = 64 * 1024 * 1024;

const corrupt = (sentence: string) => new ExportTrouble('corrupt', sentence);

/** `prefix`: the folder of one export, which holds `manifest-summary.json`. @throws ExportTrouble */
export async function readManifest(files: ExportFiles, prefix: string): Promise<ExportManifest> {
  const folder = prefix.replace(/^\/+|\/+$/g, '');
  const at = (name: string) => (folder === '' ? name : `${folder}/${name}`);
  const summary = jsonOf(await readChecked(files, at('manifest-summary')), at('manifest-summary.json'));
  const listed = await readChecked(files, at('manifest-files'));
  const type = summary.exportType === 'INCREMENTAL_EXPORT' ? 'INCREMENTAL_EXPORT' : 'FULL_EXPORT';
  if (summary.outputFormat !== 'DYNAMODB_JSON')
    throw new ExportTrouble('refused', `The export is in ${text(summary.outputFormat)}; only DYNAMODB_JSON is read.`);
  const tableArn = text(summary.tableArn);
  const tableName = /:table\/([A-Za-z0-9_.-]{3,255})$/.exec(tableArn)?.[1];
  if (!tableName) throw corrupt(`${at('manifest-summary.json')} names no table.`);
  const itemCount = Number(summary.itemCount);
  const entries = fileEntries(listed, at('manifest-files.json'));
  const sum = entries.reduce((total, entry) => total + entry.itemCount, 0);
  if (sum !== itemCount)
    throw corrupt(`The files of ${at('manifest-files.json')} hold ${sum} items, the summary says ${itemCount}.`);
  const keys = await resolveKeys(files, { folder, s3Prefix: text(summary.s3Prefix), entries });
  const manifest: ExportManifest = {
    prefix: folder,
    type,
    tableArn,
    tableName,
    exportTimeMs: instantOf(summary.exportTime),
    fromMs: instantOf(summary.exportFromTime),
    toMs: instantOf(summary.exportToTime),
    itemCount,
    files: entries.map((entry, index) => ({ ...entry, key: keys[index] as string })),
  };
  const hasTime =
    type === 'FULL_EXPORT' ? manifest.exportTimeMs !== null : manifest.fromMs !== null && manifest.toMs !== null;
  if (!hasTime) throw corrupt(`${at('manifest-summary.json')} does not say which time it shows.`);
  return manifest;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const instantOf = (value: unknown): number | null => {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(ms) ? ms : null;
};

/** `<name>.json`, whose MD5 must be what `<name>.md5` or `<name>.checksum` says. */
async function readChecked(files: ExportFiles, name: string): Promise<Buffer> {
  const body = await readWhole(files, `${name}.json`);
  const checksum = (await files.has(`${name}.md5`)) ? `${name}.md5` : `${name}.checksum`;
  const expected = (await readWhole(files, checksum)).toString('utf8').trim();
  const found = createHash('md5').update(body).digest('base64');
  if (found !== expected)
    throw corrupt(`${name}.json has MD5 ${found}, and ${checksum} says ${expected.slice(0, 40)}.`);
  return body;
}

async function readWhole(files: ExportFiles, key: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of await files.open(key)) {
    bytes += (chunk as Buffer).length;
    if (bytes > MANIFEST_BYTES_MAX)
      throw new ExportTrouble('refused', `${key} is larger than ${MANIFEST_BYTES_MAX} bytes.`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function jsonOf(body: Buffer, key: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // said below
  }
  throw corrupt(`${key} is no JSON object.`);
}

interface Listed {
  named: string;
  md5: string;
  itemCount: number;
}

function fileEntries(body: Buffer, key: string): Listed[] {
  const lines = body
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines.length > EXPORT_FILES_MAX)
    throw new ExportTrouble('refused', `The export has ${lines.length} files; at most ${EXPORT_FILES_MAX} are read.`);
  return lines.map((line, index) => {
    const { dataFileS3Key, md5Checksum, itemCount } = jsonOf(Buffer.from(line), `Line ${index + 1} of ${key}`);
    if (typeof dataFileS3Key !== 'string' || typeof md5Checksum !== 'string' || !Number.isInteger(itemCount))
      throw corrupt(`Line ${index + 1} of ${key} lacks dataFileS3Key, md5Checksum or itemCount.`);
    return { named: dataFileS3Key, md5: md5Checksum, itemCount: itemCount as number };
  });
}

/** One rule for all files of a manifest, found by its first: as named, below the prefix, or beside the manifest. */
async function resolveKeys(
  files: ExportFiles,
  of: { folder: string; s3Prefix: string; entries: readonly Listed[] },
): Promise<string[]> {
  const { folder, s3Prefix, entries } = of;
  const first = entries[0];
  if (!first) return [];
  const base = (named: string) => named.split('/').at(-1) as string;
  const parent = folder.split('/').slice(0, -1).join('/');
  const below = (head: string, rest: string) => (head === '' ? rest : `${head}/${rest}`);
  const rules: ((named: string) => string)[] = [
    (named) => named,
    (named) => below(s3Prefix.replace(/\/+$/, ''), named),
    (named) => below(folder, `data/${base(named)}`),
    // Incremental exports share one folder of data.
    (named) => below(parent, `data/${base(named)}`),
  ];
  for (const rule of rules) if (await files.has(rule(first.named))) return entries.map((entry) => rule(entry.named));
  throw new ExportTrouble(
    'missing',
    `There is no ${first.named} in ${files.place}, as named, below its prefix or beside the manifest.`,
  );
}
