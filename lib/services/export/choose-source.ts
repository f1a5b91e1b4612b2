import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { type DbTransaction, withTransaction } from '@/db/client';
import { type LockedTable, lockTable } from '@/db/queries/facts/lock';
import { exportSource, planTable } from '@/db/schema';
import { keyPlacesOf } from '@/lib/adapters/dynamodb/slices/item-key';
import type { StoreCredentials } from '@/lib/adapters/ports';
import { DataFile } from '@/lib/adapters/s3-export/data-file';
import { itemsOf } from '@/lib/adapters/s3-export/lines';
import { readManifest } from '@/lib/adapters/s3-export/manifest';
import { type ExportFiles, ExportTrouble, openExport } from '@/lib/adapters/s3-export/places';
import { type ExportChoice, exportChoice } from '@/lib/contracts/export';
import { AppError } from '@/lib/domain/errors';
import { type ExportLocation, type ExportManifest, orderExports } from '@/lib/domain/export/export';
import type { KeySchema } from '@/lib/domain/item/item';
import type { Stage } from '@/lib/domain/plan/stages';
import { checkEndpoint } from '../connection/endpoint-guard';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { invalid, parseInput } from '../parse-input';
import { storeTarget } from '../stores';
import { requireRole } from '../view/require-role';

/** Until the copy begins. */
const CHOOSABLE: readonly Stage[] = ['planned', 'frozen', 'dual_write'];
const TIMEOUT_MS = 10_000;
/** Largest file of which a first line is looked at; a larger one is not fetched for it. */
const LOOK_ITEMS_MAX = 1_000_000;

/**
 * Lets the next backfill read an export. Its manifests are read and checked now: md5, sums, table, key, no gap between
 * the full export and the incremental ones. Whether it is new enough is a gate of begin_backfill.
 * @throws AppError `auth.role_too_low`, `table.not_found`, `table.move_refused` by stage, `input.invalid` with fields,
 * `export.unreadable`
 */
export async function chooseExport(ctx: ServiceContext, actor: Actor, input: ExportChoice): Promise<void> {
  requireRole(actor, 'operator');
  const given = parseInput(exportChoice, input);
  const location = await locationOf(ctx, given.place);
  const table = await withTransaction(ctx.db, (tx) => choosable(tx, given.tableId));
  const { credentials } = await storeTarget(ctx, { connectionId: table.sourceConnectionId, timeoutMs: TIMEOUT_MS });
  const manifests = await readExports(location, { credentials, prefixes: given.prefixes, table });
  await withTransaction(ctx.db, async (tx) => {
    const locked = await choosable(tx, given.tableId);
    await storeExport(tx, { table: locked, location, manifests, actor });
    await record(ctx, tx, { table: locked, actor, manifests });
  });
}

/** Lets the next backfill scan the table, as it does where nobody chose anything. @throws as `chooseExport` */
export async function chooseScan(ctx: ServiceContext, actor: Actor, input: { tableId: string }): Promise<void> {
  requireRole(actor, 'operator');
  await withTransaction(ctx.db, async (tx) => {
    const table = await choosable(tx, input.tableId);
    await tx.delete(exportSource).where(eq(exportSource.planTableId, table.id));
    await touch(tx, table.id);
    const sentence = `${table.name}: the next backfill scans the table.`;
    await appendEvent(ctx, tx, { planId: table.planId, planTableId: table.id, actor, kind: 'copy.source', sentence });
    await appendAudit(ctx, tx, { action: 'table.copy_source', actor, subject: table.id, detail: { source: 'scan' } });
  });
}

export const isChoosable = (stage: Stage): boolean => CHOOSABLE.includes(stage);

/** The table, locked, where its copy has not begun. */
export async function choosable(tx: DbTransaction, tableId: string): Promise<LockedTable> {
  const table = await lockTable(tx, tableId);
  if (!table) throw new AppError('table.not_found', 'There is no such table.');
  if (!isChoosable(table.stage))
    throw new AppError(
      'table.move_refused',
      `The copy of ${table.name} has begun; abandon it to choose another source.`,
    );
  return table;
}

/** A dry run from before the choice is void: it names another copy. */
const touch = (tx: DbTransaction, tableId: string) =>
  tx
    .update(planTable)
    .set({ version: sql`${planTable.version} + 1` })
    .where(eq(planTable.id, tableId));

export async function locationOf(
  ctx: Pick<ServiceContext, 'exportDir'>,
  place: { kind: 'folder'; path: string } | { kind: 'bucket'; bucket: string; region: string; endpoint: string },
): Promise<ExportLocation> {
  if (place.kind === 'folder') return { kind: 'folder', path: await allowedFolder(ctx.exportDir, place.path) };
  const { bucket, region } = place;
  if (place.endpoint === '') return { kind: 'bucket', bucket, region, endpoint: null };
  const endpoint = await checkEndpoint(place.endpoint);
  if (!endpoint.ok) throw invalid({ 'place.endpoint': endpoint.error });
  return { kind: 'bucket', bucket, region, endpoint: endpoint.value };
}

/** Only below the folder that the configuration names: a console must not read any file of its machine. */
async function allowedFolder(exportDir: string | null, given: string): Promise<string> {
  const field = 'place.path';
  if (exportDir === null)
    throw invalid({ [field]: 'No folder may be read: set LANDFALL_EXPORT_DIR to the one that holds exports.' });
  try {
    const root = await realpath(exportDir);
    const folder = await realpath(path.resolve(root, given));
    if (folder === root || folder.startsWith(root + path.sep)) return folder;
  } catch {
    // said below
  }
  throw invalid({ [field]: `There is no such folder below ${exportDir} (LANDFALL_EXPORT_DIR).` });
}

/** Reads and checks every manifest, and looks at one item. @throws AppError `export.unreadable`, `input.invalid` */
export async function readExports(
  location: ExportLocation,
  of: { credentials: StoreCredentials; prefixes: readonly string[]; table: { name: string; keySchema: KeySchema } },
): Promise<ExportManifest[]> {
  const files = await openExport(location, of.credentials);
  try {
    const read: ExportManifest[] = [];
    for (const prefix of of.prefixes) read.push(await readManifest(files, prefix));
    const ordered = orderExports(read, of.table.name);
    if (!ordered.ok) throw invalid({ prefixes: ordered.error });
    await lookAtKey(files, ordered.value.manifests, { ...of, isLocal: location.kind === 'folder' });
    return ordered.value.manifests;
  } catch (error) {
    if (!(error instanceof ExportTrouble)) throw error;
    throw new AppError('export.unreadable', {
      sentence: `${error.message} Nothing was changed.`,
      fields: { place: error.message },
    });
  } finally {
    files.close();
  }
}

/** The first line of the smallest file that has one: its item must have the key of the table. */
async function lookAtKey(
  files: ExportFiles,
  manifests: readonly ExportManifest[],
  of: { table: { keySchema: KeySchema }; isLocal: boolean },
): Promise<void> {
  const full = manifests[0] as ExportManifest;
  const [file] = full.files.filter((one) => one.itemCount > 0).sort((a, b) => a.itemCount - b.itemCount);
  if (!file || file.itemCount > LOOK_ITEMS_MAX) return;
  const data = await DataFile.open(files, file, { isLocal: of.isLocal, mayGoOn: () => true });
  if (!data) return;
  try {
    const { lines } = await data.next({ linesMax: 1, bytesMax: 1 });
    const schema = of.table.keySchema;
    itemsOf(lines, { type: full.type, schema, places: keyPlacesOf(schema, null), key: file.key });
  } finally {
    await data.close();
  }
}

export async function storeExport(
  tx: DbTransaction,
  of: { table: LockedTable; location: ExportLocation; manifests: ExportManifest[]; actor: Actor },
): Promise<void> {
  const { table, location, manifests } = of;
  const ordered = orderExports(manifests, table.name);
  if (!ordered.ok) throw invalid({ prefixes: ordered.error });
  const values = {
    location,
    state: 'ready' as const,
    manifests,
    shownUntilAt: new Date(ordered.value.shownUntilMs),
    itemCount: manifests.reduce((sum, one) => sum + one.itemCount, 0),
    filesTotal: manifests.reduce((sum, one) => sum + one.files.length, 0),
    failure: null,
    chosenBy: of.actor.name,
    chosenAt: sql`clock_timestamp()`,
  };
  await tx
    .insert(exportSource)
    .values({ planTableId: table.id, ...values })
    .onConflictDoUpdate({ target: exportSource.planTableId, set: values });
  await touch(tx, table.id);
}

async function record(
  ctx: ServiceContext,
  tx: DbTransaction,
  of: { table: LockedTable; actor: Actor; manifests: readonly ExportManifest[] },
): Promise<void> {
  const { table, actor, manifests } = of;
  const sentence = `${table.name}: the next backfill reads ${manifests.length === 1 ? 'an export' : `${manifests.length} exports`} instead of scanning.`;
  const detail = { source: 'export', exports: manifests.map((one) => one.prefix) };
  await appendEvent(ctx, tx, { planId: table.planId, planTableId: table.id, actor, kind: 'copy.source', sentence });
  await appendAudit(ctx, tx, { action: 'table.copy_source', actor, subject: table.id, detail });
}
