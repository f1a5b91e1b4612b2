import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { without } from '@/lib/domain/safeguards';
import { writeExport } from '@/lib/sandbox/exports/write-export';
import type { ServiceContext } from '@/lib/services/context';
import { dryRun } from '@/lib/services/table/dry-run';
import { startTestS3, type TestS3 } from '@/lib/testing/s3-server';
import { ADA, openServiceRig, type RigTable, type ServiceRig, VIEWER } from '@/lib/testing/service-rig';
import { chooseExport, chooseScan } from './choose-source';
import { pollExports, previewExport, startExport } from './start-export';

const HOUR_MS = 3_600_000;

describe('the source of a copy', () => {
  let rig: ServiceRig;
  let ctx: ServiceContext;
  let root: string;
  let s3: TestS3;

  beforeAll(async () => {
    rig = await openServiceRig();
    root = mkdtempSync(path.join(tmpdir(), 'landfall-test-exports-'));
    ctx = { ...rig.ctx, exportDir: root };
    s3 = await startTestS3(rig.source.credentials);
  });
  afterAll(async () => {
    await s3.stop();
    await rig.close();
    rmSync(root, { recursive: true, force: true });
  });

  const items = [{ pk: { S: 'a' } }, { pk: { S: 'b' } }, { pk: { S: 'c' } }];
  /** A table whose live channel was proven an hour ago, and an export of it that shows `afterMs` later. */
  const prepared = async (afterMs: number, over: Partial<Parameters<typeof writeExport>[0]> = {}) => {
    const table = await rig.newTable({ stage: 'dual_write' });
    await table.makeReady();
    const provenMs = Date.now() - HOUR_MS;
    await rig.sql`update plan_table set canary_arrived_at = to_timestamp(${provenMs / 1000}::float8),
      barrier_passed_at = to_timestamp(${provenMs / 1000 - 60}::float8) where id = ${table.id}`;
    const what = { type: 'FULL_EXPORT' as const, items, exportTimeMs: provenMs + afterMs };
    const written = writeExport({ root, table: table.name, filesMax: 2, what, ...over });
    return { table, written, provenMs };
  };
  const choose = (table: RigTable, prefixes: string[], folder = '.') =>
    chooseExport(ctx, ADA, { tableId: table.id, place: { kind: 'folder', path: folder }, prefixes });
  const gateOf = async (table: RigTable, as = ctx) => {
    const { gates } = await dryRun(as, ADA, { tableId: table.id, verb: 'begin_backfill' });
    return gates.find((gate) => gate.gate === 'export_after_channel');
  };
  const segmentsOf = async (table: RigTable) => [
    ...(await rig.sql`select s.file ->> 'key' as key, (s.file ->> 'itemCount')::int as items, r.source,
      r.items_estimate::int as estimate from segment s join run r on r.id = s.run_id
      where r.plan_table_id = ${table.id} order by s.number`),
  ];

  it('may be an export, whose files are the segments of the backfill', async () => {
    const { table, written } = await prepared(10_000);
    await choose(table, [written.folder]);
    expect(await gateOf(table)).toMatchObject({ met: true });
    await table.move('begin_backfill');
    const segments = await segmentsOf(table);
    expect(segments.map((segment) => segment.key)).toEqual(written.files);
    expect(segments[0]).toMatchObject({ source: 'export', estimate: 3 });
  });

  it('is not an export that shows the table before its live channel was proven', async () => {
    const { table, written } = await prepared(-60_000);
    await choose(table, [written.folder]);
    expect(await gateOf(table)).toMatchObject({ met: false, observed: expect.stringMatching(/before the proof/) });
    await expect(table.move('begin_backfill')).rejects.toMatchObject({ code: 'table.move_refused' });
    // Without the rule such an export is let through.
    const bare = { ...rig.contextWith(without('exportAfterChannel')), exportDir: root };
    expect(await gateOf(table, bare)).toMatchObject({ met: true });
  });

  it('lets the last incremental export decide, and refuses a gap', async () => {
    const { table, written, provenMs } = await prepared(-2 * HOUR_MS);
    const incremental = (fromMs: number, toMs: number) =>
      writeExport({
        root,
        table: table.name,
        filesMax: 1,
        what: { type: 'INCREMENTAL_EXPORT', changes: [{ keys: { pk: { S: 'a' } }, atMs: fromMs }], fromMs, toMs },
      }).folder;
    const first = incremental(provenMs - 2 * HOUR_MS, provenMs - HOUR_MS);
    const second = incremental(provenMs - HOUR_MS, provenMs + HOUR_MS / 2);
    await expect(choose(table, [written.folder, second])).rejects.toThrow(/leave a gap/);
    await choose(table, [second, written.folder, first]);
    expect(await gateOf(table)).toMatchObject({ met: true });
    await table.move('begin_backfill');
    expect((await segmentsOf(table)).map((segment) => segment.items)).toEqual([2, 1, 1, 1]);
  });

  it('is refused by name where the export is of another table, has another key, or is not whole', async () => {
    const { table, written } = await prepared(10_000);
    const other = await prepared(10_000);
    await expect(choose(table, [other.written.folder])).rejects.toThrow(/is an export of the table orders\d+, not of/);
    const wrongKey = await prepared(10_000, {
      what: { type: 'FULL_EXPORT', items: [{ id: { S: 'x' } }], exportTimeMs: Date.now() },
    });
    await expect(choose(wrongKey.table, [wrongKey.written.folder])).rejects.toThrow(/lacks the key of the table/);
    appendFileSync(path.join(root, written.folder, 'manifest-files.json'), ' ');
    await expect(choose(table, [written.folder])).rejects.toMatchObject({ code: 'export.unreadable' });
    await expect(choose(table, ['no/such/export'])).rejects.toThrow(/There is no no\/such\/export\/manifest-summary/);
    expect(await gateOf(table)).toBeUndefined();
  });

  it('is read below one folder alone, by an operator, and before the copy begins', async () => {
    const { table, written } = await prepared(10_000);
    await expect(choose(table, [written.folder], '..')).rejects.toThrow(/below .* \(LANDFALL_EXPORT_DIR\)/);
    const place = { kind: 'folder' as const, path: '.' };
    const input = { tableId: table.id, place, prefixes: [written.folder] };
    await expect(chooseExport({ ...ctx, exportDir: null }, ADA, input)).rejects.toThrow(/set LANDFALL_EXPORT_DIR/);
    await expect(chooseExport(ctx, VIEWER, input)).rejects.toMatchObject({ code: 'auth.role_too_low' });
    await choose(table, [written.folder]);
    const before = (await table.look()).version;
    await chooseScan(ctx, ADA, { tableId: table.id });
    expect((await table.look()).version).toBe(before + 1);
    await table.move('begin_backfill');
    expect((await segmentsOf(table))[0]).toMatchObject({ key: null, source: 'scan' });
    await expect(choose(table, [written.folder])).rejects.toMatchObject({ code: 'table.move_refused' });
  });

  it('may lie in a bucket; one that is not there, or refuses the key, is said so', async () => {
    const { table, written } = await prepared(10_000, { prefix: 'nightly' });
    await s3.upload(root);
    const { endpoint, bucket } = s3;
    const inBucket = (name: string) => ({ kind: 'bucket' as const, bucket: name, region: 'eu-central-1', endpoint });
    const input = { tableId: table.id, place: inBucket(bucket), prefixes: [written.folder] };
    await chooseExport(ctx, ADA, input);
    expect(await gateOf(table)).toMatchObject({ met: true });
    await expect(chooseExport(ctx, ADA, { ...input, place: inBucket('nobody') })).rejects.toThrow(
      /There is no bucket nobody/,
    );
    const metadata = { ...inBucket(bucket), endpoint: 'http://169.254.169.254' };
    await expect(chooseExport(ctx, ADA, { ...input, place: metadata })).rejects.toThrow(/metadata address/);
    const nowhere = { ...inBucket(bucket), endpoint: 'http://127.0.0.1:1' };
    await expect(chooseExport(ctx, ADA, { ...input, place: nowhere })).rejects.toThrow(/did not answer/);
  });

  it('may be asked of DynamoDB: the cost first, then the export, then its manifests', async () => {
    const { table } = await prepared(0);
    const { engine } = rig.source.running;
    await rig.source.running.engine.run('PutItem', { TableName: table.name, Item: { pk: { S: 'only' } } });
    const start = {
      tableId: table.id,
      bucket: s3.bucket,
      region: 'eu-central-1',
      endpoint: s3.endpoint,
      prefix: 'mine',
    };
    const preview = await previewExport(ctx, ADA, { tableId: table.id });
    expect(preview).toMatchObject({ isRecoveryOn: false, cost: { dollarsPerGb: 0.1 } });
    expect(preview.cost.priceFrom).toMatch(/list price of us-east-1, read in/);
    await expect(startExport(ctx, ADA, start)).rejects.toThrow(/Point-in-time recovery of .* is off/);
    let finish: () => void = () => {};
    const gate = new Promise<void>((done) => {
      finish = done;
    });
    engine.exports.exporter = async (asked) => {
      await gate;
      const folder = mkdtempSync(path.join(tmpdir(), 'landfall-test-made-'));
      const { table: name, items: found, exportId, prefix, atMs } = asked;
      const what = { type: 'FULL_EXPORT' as const, items: found, exportTimeMs: atMs };
      const made = writeExport({ root: folder, table: name, prefix, filesMax: 3, exportId, what });
      await s3.upload(folder);
      rmSync(folder, { recursive: true });
      return `${made.folder}/manifest-summary.json`;
    };
    await startExport(ctx, ADA, start);
    await pollExports(ctx);
    expect(await gateOf(table)).toMatchObject({ met: false, observed: 'DynamoDB is still making it' });
    finish();
    const { waitFor } = await import('@/lib/testing/wait-for');
    await waitFor(
      async () => {
        await pollExports(ctx);
        return (await gateOf(table))?.met;
      },
      { what: 'the export to be complete' },
    );
    await table.move('begin_backfill');
    expect((await segmentsOf(table)).map((segment) => segment.items).sort()).toEqual([0, 0, 1]);
  });
});
