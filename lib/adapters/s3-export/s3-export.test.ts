import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WriteExport, writeExport } from '@/lib/sandbox/exports/write-export';
import { keyPlacesOf } from '../dynamodb/slices/item-key';
import { DataFile } from './data-file';
import { itemsOf } from './lines';
import { readManifest } from './manifest';
import { type ExportFiles, openExport } from './places';

const SCHEMA = { partition: { name: 'pk', type: 'S' as const }, sort: null };
const CREDENTIALS = { accessKeyId: 'a', secretAccessKey: 'b' };
const item = (at: number) => ({ pk: { S: `k${at}` }, n: { N: String(at) }, ['__proto__']: { S: 'kept' } });
const items = Array.from({ length: 25 }, (_, at) => item(at));

describe('an export in a folder', () => {
  let root: string;
  let files: ExportFiles;
  beforeEach(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'landfall-test-export-'));
    files = await openExport({ kind: 'folder', path: root }, CREDENTIALS);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const full = (over: Partial<WriteExport> = {}) =>
    writeExport({
      root,
      table: 'orders',
      filesMax: 3,
      what: { type: 'FULL_EXPORT', items, exportTimeMs: 1_700_000_000_000 },
      ...over,
    });
  const readAll = async (folder: string) => {
    const manifest = await readManifest(files, folder);
    const found: string[] = [];
    const deleted: string[] = [];
    for (const file of manifest.files) {
      const data = await DataFile.open(files, file, { isLocal: true, mayGoOn: () => true });
      for (;;) {
        const page = await (data as DataFile).next({ linesMax: 4, bytesMax: 1_000_000 });
        const places = keyPlacesOf(SCHEMA, null);
        const read = itemsOf(page.lines, { type: manifest.type, schema: SCHEMA, places, key: file.key });
        found.push(...read.items.map((one) => one.image.text));
        deleted.push(...read.deleted);
        if (page.isLast) break;
      }
    }
    return { found: found.sort(), deleted, manifest };
  };

  it.each<[string, Partial<WriteExport>]>([
    ['as documented', {}],
    ['with a prefix in its keys', { prefix: 'nightly/orders' }],
    ['with a prefix that its keys leave out', { prefix: 'nightly', keysWithPrefix: false }],
    ['with checksum files', { checksumName: 'checksum' }],
    ['with more files than items', { filesMax: 40 }],
  ])('is read whole, byte by byte: %s', async (_, over) => {
    const { found, manifest } = await readAll(full(over).folder);
    expect(found).toEqual(items.map((one) => JSON.stringify(one)).sort());
    expect(manifest).toMatchObject({ type: 'FULL_EXPORT', tableName: 'orders', exportTimeMs: 1_700_000_000_000 });
  });

  it('tells images and deletes of an incremental one apart', async () => {
    const changes = [
      { keys: { pk: { S: 'new' } }, newImage: item(1), atMs: 1 },
      { keys: { pk: { S: 'gone' } }, oldImage: item(2), atMs: 2 },
    ];
    const what = { type: 'INCREMENTAL_EXPORT' as const, changes, fromMs: 1_000, toMs: 2_000 };
    const { found, deleted, manifest } = await readAll(full({ what, prefix: 'p' }).folder);
    expect(found).toEqual([JSON.stringify(item(1))]);
    expect(deleted).toHaveLength(1);
    expect(deleted[0]).toContain('gone');
    expect(manifest).toMatchObject({ type: 'INCREMENTAL_EXPORT', fromMs: 1_000, toMs: 2_000 });
  });

  it('stops at a summary, a list or a file that is not what its md5 says, naming it', async () => {
    const first = full();
    appendFileSync(path.join(root, first.folder, 'manifest-summary.json'), ' ');
    await expect(readManifest(files, first.folder)).rejects.toThrow(/manifest-summary\.json has MD5/);
    const second = full();
    const { files: listed } = await readManifest(files, second.folder);
    appendFileSync(path.join(root, second.files[0] as string), 'x');
    const open = DataFile.open(files, listed[0] as never, { isLocal: true, mayGoOn: () => true });
    await expect(open).rejects.toThrow(/has MD5 .* and the manifest says/);
  });

  it('stops where the files do not add up to the summary', async () => {
    const { folder } = full();
    const name = path.join(root, folder, 'manifest-files.json');
    const fewer = readFileSync(name, 'utf8').split('\n').slice(1).join('\n');
    writeFileSync(name, fewer);
    const { createHash } = await import('node:crypto');
    writeFileSync(name.replace('.json', '.md5'), createHash('md5').update(fewer).digest('base64'));
    await expect(readManifest(files, folder)).rejects.toThrow(/hold \d+ items, the summary says 25/);
  });

  it('reads nothing outside its folder, not by a link either', async () => {
    const outside = mkdtempSync(path.join(tmpdir(), 'landfall-test-outside-'));
    writeFileSync(path.join(outside, 'secret'), 'x');
    symlinkSync(path.join(outside, 'secret'), path.join(root, 'link'));
    await expect(files.open('../secret')).rejects.toMatchObject({ kind: 'missing' });
    await expect(files.open('link')).rejects.toMatchObject({ kind: 'missing' });
    await expect(files.open('')).rejects.toMatchObject({ kind: 'missing' });
    rmSync(outside, { recursive: true });
  });

  it('goes on at a line, and says when a file has fewer than were read before', async () => {
    const { folder } = full({ filesMax: 1 });
    const { files: listed } = await readManifest(files, folder);
    const open = async () =>
      (await DataFile.open(files, listed[0] as never, { isLocal: true, mayGoOn: () => true })) as DataFile;
    const data = await open();
    await data.skip(20);
    const page = await data.next({ linesMax: 100, bytesMax: 1_000_000 });
    expect(page.lines).toHaveLength(5);
    await expect((await open()).skip(26)).rejects.toMatchObject({ kind: 'corrupt' });
  });
});
