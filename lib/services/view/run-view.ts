import {
  type MismatchFilter,
  type MismatchRecord,
  type RunRecord,
  readItemRate,
  readRuns,
  readSegments,
  readSetAside,
  type SegmentRecord,
  streamMismatches,
} from '@/db/queries/view/runs';
import type { BackfillView, MismatchRowView, RunView, SegmentView, VerificationView } from '@/lib/contracts/views';
import { AppError } from '@/lib/domain/errors';
import { authorityOf } from '@/lib/domain/plan/stages';
import { repairEffect } from '@/lib/domain/run/repair-effect';
import { sampleSays } from '@/lib/domain/run/sample';
import { stubbornSegment } from '@/lib/domain/run/stubborn';
import { formatMs } from '@/lib/domain/units';
import type { Actor, ServiceContext } from '../context';
import { type LoadedFacts, loadFacts } from '../table/facts';
import { etaRangeMs } from './eta';
import { evidenceView, sqlReadBacksView } from './evidence-view';
import { hasRole, requireRole } from './require-role';
import { sayKey } from './say-key';
import { copySourceView, streamView } from './sources-view';
import { iso } from './table-row';

/** Runs whose segments are sent too; older ones show their sums alone. */
const RUNS_WITH_MAP = 3;
/** Segments of one run on its map. */
const MAP_CELLS_MAX = 1_000;

/** Backfills of a table with their segments, and what could not be written. @throws AppError `table.not_found` */
export async function backfillView(ctx: ServiceContext, actor: Actor, tableId: string): Promise<BackfillView> {
  requireRole(actor, 'viewer');
  const loaded = await requireFacts(ctx, tableId);
  const [runs, setAside, stream, source] = await Promise.all([
    runViews(ctx, tableId, 'backfill'),
    readSetAside(ctx.sql, tableId),
    streamView(ctx, tableId, { loaded, mayReadValues: hasRole(actor, 'operator') }),
    copySourceView(ctx, tableId),
  ]);
  const mayReadValues = hasRole(actor, 'operator');
  return {
    stream,
    source,
    runs,
    setAside: setAside.map((row) => ({
      id: row.id,
      key: sayKey(row.keyId, mayReadValues),
      reason: row.reason,
      errorType: row.errorType,
      accepted: row.acceptedAt ? { by: row.acceptedBy ?? '', at: row.acceptedAt.toISOString() } : null,
    })),
  };
}

/** Verifications of a table, whether the last one still counts, and the evidence beside them. */
export async function verificationView(ctx: ServiceContext, actor: Actor, tableId: string): Promise<VerificationView> {
  requireRole(actor, 'viewer');
  const loaded = await requireFacts(ctx, tableId);
  const [runs, evidence, sqlReadBacks] = await Promise.all([
    runViews(ctx, tableId, 'verification'),
    evidenceView(ctx, tableId, loaded),
    sqlReadBacksView(ctx, tableId, hasRole(actor, 'operator')),
  ]);
  return { runs, freshness: freshnessOf(loaded), evidence, sqlReadBacks };
}

/**
 * Every mismatch of a table for a file, some at a time, those of a filter alone; keys need the role operator.
 * @throws AppError `table.not_found`, `auth.role_too_low`
 */
export async function mismatchPages(
  ctx: ServiceContext,
  actor: Actor,
  ask: { tableId: string; filter: MismatchFilter },
): Promise<AsyncIterable<MismatchRowView[]>> {
  requireRole(actor, 'operator');
  const authority = authorityOf((await requireFacts(ctx, ask.tableId)).facts.stage);
  return (async function* () {
    for await (const rows of streamMismatches(ctx.sql, ask.tableId, ask.filter))
      yield rows.map((row) => toMismatchRow(row, { mayReadValues: true, authority }));
  })();
}

export async function requireFacts(ctx: ServiceContext, tableId: string): Promise<LoadedFacts> {
  const loaded = await loadFacts(ctx, ctx.db, { planTableId: tableId });
  if (!loaded) throw new AppError('table.not_found', `There is no table ${tableId.slice(0, 60)}.`);
  return loaded;
}

export const toMismatchRow = (
  row: MismatchRecord,
  of: { mayReadValues: boolean; authority: 'source' | 'target' },
): MismatchRowView => ({
  id: row.id,
  key: sayKey(row.keyId, of.mayReadValues),
  class: row.class,
  attributes: row.attributes,
  state: row.state,
  repair: repairEffect(row.class, of.authority),
  equalAt: iso(row.equalAt),
  firstSeenAt: row.firstSeenAt.toISOString(),
  lastSeenAt: row.lastSeenAt.toISOString(),
});

async function runViews(ctx: ServiceContext, tableId: string, kind: RunRecord['kind']): Promise<RunView[]> {
  const [runs, rate] = await Promise.all([readRuns(ctx.sql, tableId, kind), readItemRate(ctx.sql, tableId)]);
  const segments = await readSegments(
    ctx.sql,
    runs.map((run) => run.id),
  );
  return runs.map((run, index) => {
    const own = segments.filter((segment) => segment.runId === run.id);
    return toRun(run, own, { itemsPerSecond: run.state === 'running' ? rate : null, withMap: index < RUNS_WITH_MAP });
  });
}

const SUMS = [
  'itemsRead',
  'itemsWritten',
  'itemsExpired',
  'itemsSetAside',
  'itemsMarked',
  'valuesLeft',
  'bytesRead',
  'compared',
  'suspects',
  'hot',
  'inFlight',
  'mismatches',
] as const;

function toRun(
  run: RunRecord,
  segments: readonly SegmentRecord[],
  shown: { itemsPerSecond: number | null; withMap: boolean },
): RunView {
  const sums = Object.fromEntries(
    SUMS.map((name) => [name, segments.reduce((sum, segment) => sum + segment[name], 0)]),
  ) as Record<(typeof SUMS)[number], number>;
  const { itemsPerSecond } = shown;
  const done = sums.itemsRead;
  // A verification reads both sides.
  const total = Math.max(run.kind === 'backfill' ? run.itemsEstimate : 2 * run.itemsEstimate, done);
  return {
    id: run.id,
    kind: run.kind,
    generation: run.generation,
    source: run.source,
    state: run.state,
    segments: shown.withMap ? mapOf(segments).map(toSegment) : [],
    stubborn: stubbornSegment(segments),
    ...sums,
    itemsEstimate: run.itemsEstimate,
    mismatchesMax: run.mismatchesMax,
    sample: sampleOf(run, segments),
    itemsPerSecond,
    itemsPerSecondMax: run.itemsPerSecondMax,
    etaMs: run.state === 'running' ? etaRangeMs({ done, total, itemsPerSecond }) : null,
    throttleReason: run.throttleReason,
    stopReason: run.stopReason,
    startedBy: run.startedBy,
    createdAt: run.createdAt.toISOString(),
    startedAt: iso(run.startedAt),
    finishedAt: iso(run.finishedAt),
  };
}

/**
 * What a sample says once it was compared to its end. A key counts once: on the source's side, or as an extra on the
 * target's; what nobody can judge (hot, in flight) is no trial.
 */
function sampleOf(run: RunRecord, segments: readonly SegmentRecord[]): RunView['sample'] {
  const { samplePpm: ppm } = run;
  if (ppm === null) return null;
  if (run.state !== 'done') return { ppm, sentence: null };
  const sum = (side: SegmentRecord['side'], of: (segment: SegmentRecord) => number) =>
    segments.filter((segment) => segment.side === side).reduce((total, segment) => total + of(segment), 0);
  const undecided = sum('source', (segment) => segment.hot + segment.inFlight);
  const extra = sum('target', (segment) => segment.mismatches);
  const compared = sum('source', (segment) => segment.compared) - undecided + extra;
  const different = sum('source', (segment) => segment.mismatches) + extra;
  return { ppm, sentence: sampleSays({ compared, different, undecided }) };
}

/** An export may have thousands of files: those that failed are always shown. */
function mapOf(segments: readonly SegmentRecord[]): readonly SegmentRecord[] {
  if (segments.length <= MAP_CELLS_MAX) return segments;
  const failed = segments.filter((segment) => segment.state === 'failed');
  const others = segments.filter((segment) => segment.state !== 'failed');
  return [...failed, ...others].slice(0, MAP_CELLS_MAX);
}

const toSegment = (segment: SegmentRecord): SegmentView => ({
  id: segment.id,
  number: segment.number,
  side: segment.side,
  state: segment.state,
  file: segment.file,
  pages: segment.pages,
  itemsRead: segment.itemsRead,
  itemsWritten: segment.itemsWritten,
  compared: segment.compared,
  worker: segment.worker,
  attempts: segment.attempts,
  error: segment.error,
});

/** Whether the last verification still counts, with the same test as the gates. */
function freshnessOf({ facts }: LoadedFacts): VerificationView['freshness'] {
  const { verification, verifyAgainSinceMs, settings, nowMs } = facts;
  const finishedMs = verification?.finishedAtMs ?? null;
  if (!verification || finishedMs === null)
    return { finishedAt: null, staleAt: null, isFresh: false, sentence: 'Not verified yet.' };
  const staleMs = finishedMs + settings.verificationFreshMs;
  const at = { finishedAt: new Date(finishedMs).toISOString(), staleAt: new Date(staleMs).toISOString() };
  const ago = `Verified ${formatMs(nowMs - finishedMs)} ago`;
  if (verification.state === 'done' && !verification.full)
    return { ...at, isFresh: false, sentence: `${ago} by a sample that found a difference: verify in full.` };
  if (verification.state !== 'done')
    return { ...at, isFresh: false, sentence: `The last one ended: ${verification.state}.` };
  if (verifyAgainSinceMs !== null && (verification.startedAtMs ?? 0) <= verifyAgainSinceMs)
    return { ...at, isFresh: false, sentence: `${ago}, void since ${formatMs(nowMs - verifyAgainSinceMs)} ago.` };
  if (nowMs > staleMs)
    return { ...at, isFresh: false, sentence: `${ago}, stale since ${formatMs(nowMs - staleMs)} ago.` };
  return { ...at, isFresh: true, sentence: `${ago}, stale in ${formatMs(staleMs - nowMs)}.` };
}
