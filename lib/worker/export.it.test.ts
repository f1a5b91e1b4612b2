import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readManifest } from '@/lib/adapters/s3-export/manifest';
import { openExport } from '@/lib/adapters/s3-export/places';
import type { ExportLocation } from '@/lib/domain/export/export';
import { type WriteExport, writeExport } from '@/lib/sandbox/exports/write-export';
import { startTestS3, type TestS3 } from '@/lib/testing/s3-server';
import { type Rig, type RigTable, startRig } from '@/lib/testing/worker-rig';
import { backfillSegment } from './tasks/backfill-segment';

const ITEMS = 260;

describe('a backfill from an export', () => {
  let rig: Rig;
  let table: RigTable;
  let root: string;
  let s3: TestS3;

  beforeAll(async () => {
    rig = await startRig();
    root = mkdtempSync(path.join(tmpdir(), 'landfall-test-copy-'));
    s3 = await startTestS3(rig.source.credentials);
  });
  afterAll(async () => {
    await s3.stop();
    await rig.stop();
    rmSync(root, { recursive: true, force: true });
  });
  beforeEach(async () => {
    table = await rig.table();
  });

  const item = (at: number, value = 'first') => ({ pk: { S: `k${at}` }, v: { S: value } });
  const items = (count: number) => Array.from({ length: count }, (_, at) => item(at));
  const fill = async (count: number) => {
    for (const one of items(count)) await table.put('source', one);
  };
  const full = (count: number, filesMax = 1): WriteExport => ({
    root,
    table: table.name,
    filesMax,
    what: { type: 'FULL_EXPORT', items: items(count), exportTimeMs: Date.now() },
  });
  /** A backfill of these exports, one segment a file, as the services make it. */
  const backfillOf = async (exports: WriteExport[], location: ExportLocation = { kind: 'folder', path: root }) => {
    const written = exports.map(writeExport);
    if (location.kind === 'bucket') await s3.upload(root);
    const files = await openExport(location, rig.source.credentials);
    const manifests = [];
    for (const one of written) manifests.push(await readManifest(files, one.folder));
    files.close();
    const { sql } = rig.database;
    await sql`insert into export_source (plan_table_id, location, state, chosen_by)
      values (${table.planTableId}, ${sql.json(location as never)}, 'ready', 'test')`;
    const all = manifests.flatMap((one) => one.files.map((file) => ({ ...file, type: one.type })));
    const segmentId = await table.backfill();
    const [run] = await sql`select run_id from segment where id = ${segmentId}`;
    const ids: string[] = [];
    for (const [number, file] of all.entries()) {
      const id = number === 0 ? segmentId : `${segmentId}_${number}`;
      if (number > 0) await sql`insert into segment (id, run_id, number) values (${id}, ${run?.run_id}, ${number})`;
      await sql`update segment set file = ${sql.json(file as never)} where id = ${id}`;
      ids.push(id);
    }
    return { ids, written };
  };
  const segment = async (id: string) => {
    const [row] = await rig.database.sql`select state, error, pages, cursor, items_read::int as read,
      items_written::int as written, (items_written + items_expired + items_set_aside + items_marked)::int as accounted
      from segment where id = ${id}`;
    return row as Record<string, never> & { state: string; error: string | null; read: number; pages: number };
  };

  it('copies every item of every file, and accounts for each', async () => {
    await fill(ITEMS);
    const { ids } = await backfillOf([full(ITEMS, 3)]);
    const context = await table.worker();
    for (const segmentId of ids) await backfillSegment(context, { segmentId });
    const rows = await Promise.all(ids.map(segment));
    expect(rows.map((row) => row.state)).toEqual(['done', 'done', 'done']);
    expect(rows.reduce((sum, row) => sum + row.read, 0)).toBe(ITEMS);
    expect(rows.every((row) => row.read === (row as { accounted?: number }).accounted)).toBe(true);
    expect(await table.divergent()).toEqual([]);
  });

  it('reads a bucket like a folder', async () => {
    await fill(20);
    const bucket: ExportLocation = { kind: 'bucket', bucket: s3.bucket, region: 'eu-central-1', endpoint: s3.endpoint };
    const { ids } = await backfillOf([{ ...full(20, 2), prefix: 'p', keysWithPrefix: false }], bucket);
    const context = await table.worker();
    for (const segmentId of ids) await backfillSegment(context, { segmentId });
    expect((await Promise.all(ids.map(segment))).map((row) => row.state)).toEqual(['done', 'done']);
    expect(await table.divergent()).toEqual([]);
  });

  it('brings no stale image and no deleted item to stay: what the table says now is settled', async () => {
    await fill(6);
    await table.put('source', item(1, 'newer'));
    await table.remove('source', 'k2');
    const { ids } = await backfillOf([full(6)]);
    const context = await table.worker();
    await backfillSegment(context, { segmentId: ids[0] as string });
    expect((await table.dirty()).map((row) => row.cause)).toEqual(['confirm_differed', 'confirm_differed']);
    await table.converge(context);
    expect(await table.divergent()).toEqual([]);
    expect((await table.items('target')).size).toBe(5);
  });

  it('settles what an incremental export knows as deleted, whatever came of it since', async () => {
    await fill(3);
    await table.put('target', item(7, 'left over'));
    await table.put('source', item(8, 'made again'));
    const changes = [
      { keys: { pk: { S: 'k7' } }, oldImage: item(7), atMs: 1 },
      { keys: { pk: { S: 'k8' } }, oldImage: item(8), atMs: 2 },
      { keys: { pk: { S: 'k0' } }, newImage: item(0), atMs: 3 },
    ];
    const what = { type: 'INCREMENTAL_EXPORT' as const, changes, fromMs: Date.now() - 1_000, toMs: Date.now() };
    const { ids } = await backfillOf([full(3), { root, table: table.name, filesMax: 1, what }]);
    const context = await table.worker();
    for (const segmentId of ids) await backfillSegment(context, { segmentId });
    expect(await segment(ids[1] as string)).toMatchObject({ state: 'done', read: 3, accounted: 3 });
    expect((await table.dirty()).map((row) => row.cause)).toEqual(['export_record', 'export_record']);
    await table.converge(context);
    expect(await table.divergent()).toEqual([]);
  });

  it('goes on at the line after the last finished page, on another worker', async () => {
    await fill(ITEMS);
    const { ids } = await backfillOf([full(ITEMS)]);
    const segmentId = ids[0] as string;
    const first = await table.worker({ limits: { pageItemsMax: 50, exportSliceMsMax: 0 } });
    await backfillSegment(first, { segmentId });
    await backfillSegment(first, { segmentId });
    expect(await segment(segmentId)).toMatchObject({ state: 'running', pages: 2, read: 100, cursor: { line: 100 } });
    const second = await table.worker({ limits: { pageItemsMax: 50 } });
    await backfillSegment(second, { segmentId });
    expect(await segment(segmentId)).toMatchObject({ state: 'done', pages: 6, read: ITEMS, accounted: ITEMS });
    expect(await table.divergent()).toEqual([]);
  });

  it.each<[string, (file: string) => void, RegExp]>([
    ['is not what its md5 says', (file) => writeFileSync(file, 'other'), /has MD5 .* and the manifest says/],
    ['is gone', (file) => rmSync(file), /There is no AWSDynamoDB\/.*data/],
  ])('stops before the first write where a file %s', async (_, spoil, sentence) => {
    await fill(3);
    const { ids, written } = await backfillOf([full(3)]);
    spoil(path.join(root, written[0]?.files[0] as string));
    const context = await table.worker();
    for (let attempt = 0; attempt < 3; attempt += 1) await backfillSegment(context, { segmentId: ids[0] as string });
    const row = await segment(ids[0] as string);
    expect(row.state).toBe('failed');
    expect(row.error).toMatch(sentence);
    expect((await table.items('target')).size).toBe(0);
  });

  it('fails where a file holds fewer items than its manifest says', async () => {
    await fill(3);
    const { ids } = await backfillOf([full(3)]);
    await rig.database.sql`update segment set file = file || '{"itemCount": 4}' where id = ${ids[0] as string}`;
    const context = await table.worker();
    for (let attempt = 0; attempt < 3; attempt += 1) await backfillSegment(context, { segmentId: ids[0] as string });
    const row = await segment(ids[0] as string);
    expect(row).toMatchObject({ state: 'failed' });
    expect(row.error).toMatch(/holds 3 items, and the manifest says 4/);
  });
});
