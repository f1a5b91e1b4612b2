/**
 * An export written to the specification into a folder that stands for a bucket: data files in gzip, manifests with
 * their md5, the prefix and naming quirks that real exports have. For tests, and for the embedded store's own exports.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { WireItem } from '@/lib/adapters/ports';

export interface ExportChange {
  keys: WireItem;
  /** Absent: deleted. */
  newImage?: WireItem;
  oldImage?: WireItem;
  atMs: number;
}

export interface WriteExport {
  /** Stands for the bucket. */
  root: string;
  table: string;
  prefix?: string;
  filesMax: number;
  /** Whether keys in the manifest carry the prefix; documents and service differ on it. */
  keysWithPrefix?: boolean;
  checksumName?: 'md5' | 'checksum';
  what:
    | { type: 'FULL_EXPORT'; items: readonly WireItem[]; exportTimeMs: number; namesType?: boolean }
    | { type: 'INCREMENTAL_EXPORT'; changes: readonly ExportChange[]; fromMs: number; toMs: number };
  exportId?: string;
}

export interface WrittenExport {
  exportId: string;
  arn: string;
  /** Folder of the manifests, from the bucket's root. */
  folder: string;
  files: string[];
  itemCount: number;
  bytes: number;
}

const md5 = (body: Buffer): string => createHash('md5').update(body).digest('base64');
const iso = (ms: number): string => new Date(ms).toISOString();
export const tableArn = (table: string): string => `arn:aws:dynamodb:eu-central-1:000000000000:table/${table}`;

export function writeExport(ask: WriteExport): WrittenExport {
  const { what, root, table, prefix = '', keysWithPrefix = true, checksumName = 'md5' } = ask;
  const exportId = ask.exportId ?? `${String(Date.now()).padStart(20, '0')}-${randomBytes(4).toString('hex')}`;
  const below = (rest: string) => (prefix === '' ? rest : `${prefix}/${rest}`);
  const own = `AWSDynamoDB/${exportId}`;
  const data = what.type === 'FULL_EXPORT' ? `${own}/data` : 'AWSDynamoDB/data';
  const folder = below(own);
  const put = (key: string, body: Buffer) => {
    const file = path.join(root, key);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, body);
    return body.length;
  };
  const lines = what.type === 'FULL_EXPORT' ? what.items.map(fullLine) : what.changes.map(changeLine);
  const files: string[] = [];
  const entries: string[] = [];
  let bytes = 0;
  for (let at = 0; at < ask.filesMax; at += 1) {
    // Empty partitions leave files without items.
    const some = lines.filter((_, index) => index % ask.filesMax === at);
    const body = gzipSync(Buffer.from(some.map((line) => `${line}\n`).join('')));
    const key = `${data}/${randomBytes(8).toString('hex')}.json.gz`;
    bytes += put(below(key), body);
    files.push(below(key));
    const dataFileS3Key = keysWithPrefix ? below(key) : key;
    entries.push(JSON.stringify({ itemCount: some.length, md5Checksum: md5(body), etag: 'x-1', dataFileS3Key }));
  }
  const manifestFiles = Buffer.from(entries.map((line) => `${line}\n`).join(''));
  const arn = `${tableArn(table)}/export/${exportId}`;
  const summary = Buffer.from(
    JSON.stringify({
      version: '2020-06-30',
      exportArn: arn,
      startTime: iso(Date.now()),
      endTime: iso(Date.now()),
      tableArn: tableArn(table),
      tableId: '00000000-0000-0000-0000-000000000000',
      ...timesOf(what),
      s3Bucket: path.basename(root),
      s3Prefix: prefix === '' ? null : prefix,
      s3SseAlgorithm: 'AES256',
      s3SseKmsKeyId: null,
      manifestFilesS3Key: `${keysWithPrefix ? folder : own}/manifest-files.json`,
      billedSizeBytes: bytes,
      itemCount: lines.length,
      outputFormat: 'DYNAMODB_JSON',
    }),
  );
  put(`${folder}/_started`, Buffer.alloc(0));
  for (const [name, body] of [
    ['manifest-files', manifestFiles],
    ['manifest-summary', summary],
  ] as const) {
    put(`${folder}/${name}.json`, body);
    put(`${folder}/${name}.${checksumName}`, Buffer.from(md5(body)));
  }
  return { exportId, arn, folder, files, itemCount: lines.length, bytes };
}

function timesOf(what: WriteExport['what']) {
  if (what.type === 'INCREMENTAL_EXPORT')
    return {
      exportType: what.type,
      outputView: 'NEW_AND_OLD_IMAGES',
      exportFromTime: iso(what.fromMs),
      exportToTime: iso(what.toMs),
    };
  return { exportTime: iso(what.exportTimeMs), ...(what.namesType === false ? {} : { exportType: what.type }) };
}

const fullLine = (item: WireItem): string => JSON.stringify({ Item: item });
const changeLine = (change: ExportChange): string =>
  JSON.stringify({
    Metadata: { WriteTimestampMicros: { N: String(change.atMs * 1000) } },
    Keys: change.keys,
    ...(change.oldImage ? { OldImage: change.oldImage } : {}),
    ...(change.newImage ? { NewImage: change.newImage } : {}),
  });
