import { type MarkRecord, readDirtyKeys, readMarks, readTraffic, type TrafficBucket } from '@/db/queries/view/traffic';
import type { TrafficPoint, TrafficView } from '@/lib/contracts/views';
import type { Actor, ServiceContext } from '../context';
import { observedMilliOf } from '../table/facts';
import { hasRole, requireRole } from './require-role';
import { requireTable } from './require-table';
import { sayKey } from './say-key';

export const RANGE_MS_DEFAULT = 5 * 60_000;
const RANGE_MS_MIN = 60_000;
const RANGE_MS_MAX = 24 * 3_600_000;
const POINTS_MAX = 180;
/** Gateways report about every second and workers every two: a finer step would show gaps that are none. */
const STEPS_MS = [2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000] as const;

export const stepMsOf = (rangeMs: number): number =>
  STEPS_MS.find((stepMs) => rangeMs / stepMs <= POINTS_MAX) ?? STEPS_MS[STEPS_MS.length - 1]!;

/**
 * What gateways did with a table over time, per second, with gaps as null. The bucket that is still filling is left
 * out: half of it would read as a drop of the load.
 */
export async function trafficView(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string; rangeMs?: number | null },
): Promise<TrafficView> {
  requireRole(actor, 'viewer');
  await requireTable(ctx, input.tableId);
  const asked = input.rangeMs && Number.isFinite(input.rangeMs) ? input.rangeMs : RANGE_MS_DEFAULT;
  const rangeMs = Math.min(RANGE_MS_MAX, Math.max(RANGE_MS_MIN, asked));
  const stepMs = stepMsOf(rangeMs);
  const toMs = Math.floor(ctx.clock.nowMs() / stepMs) * stepMs;
  const fromAt = new Date(toMs - Math.ceil(rangeMs / stepMs) * stepMs);
  const range = { tableId: input.tableId, fromAt, toAt: new Date(toMs), stepMs };
  const [buckets, marks, dirtyKeys] = await Promise.all([
    readTraffic(ctx.sql, range),
    readMarks(ctx.sql, range),
    readDirtyKeys(ctx.sql, input.tableId),
  ]);
  const mayReadValues = hasRole(actor, 'operator');
  return {
    points: buckets.map((bucket) => toPoint(bucket, stepMs)),
    stepMs,
    fromAt: range.fromAt.toISOString(),
    toAt: range.toAt.toISOString(),
    marks: marks.map((mark) => ({ at: mark.at.toISOString(), label: labelOf(mark), kind: kindOf(mark) })),
    dirtyKeys: dirtyKeys.map((row) => ({
      key: sayKey(row.keyId, mayReadValues),
      cause: row.cause,
      ageMs: Math.max(0, Math.round(row.ageMs)),
      attempts: row.attempts,
      hot: row.hot,
      holdUntilAt: row.holdUntil?.toISOString() ?? null,
    })),
  };
}

function toPoint(bucket: TrafficBucket, stepMs: number): TrafficPoint {
  const perSecond = (count: number | null): number | null => (count === null ? null : (count * 1_000) / stepMs);
  const ms = (us: number | null): number | null => (us === null ? null : Math.round(us / 10) / 100);
  const { readsSource, readsTarget, readsFallback } = bucket;
  return {
    at: bucket.at.toISOString(),
    // Reads that only the authority may answer are load on it too; they stand apart in the table's share.
    readsSource: perSecond(readsSource),
    readsTarget: perSecond(readsTarget),
    readsFallback: perSecond(readsFallback),
    writes: perSecond(bucket.writes),
    mirrored: perSecond(bucket.mirrored),
    mirrorFailed: perSecond(bucket.mirrorFailed),
    sourceErrors: perSecond(bucket.sourceErrors),
    targetErrors: perSecond(bucket.targetErrors),
    userErrors: perSecond(bucket.userErrors),
    sourceP50Ms: ms(bucket.sourceP50Us),
    sourceP95Ms: ms(bucket.sourceP95Us),
    sourceP99Ms: ms(bucket.sourceP99Us),
    targetP50Ms: ms(bucket.targetP50Us),
    targetP95Ms: ms(bucket.targetP95Us),
    targetP99Ms: ms(bucket.targetP99Us),
    shadowCompared: perSecond(bucket.shadowCompared),
    shadowDiffering: perSecond(bucket.shadowDiffering),
    shadowDropped: perSecond(bucket.shadowDropped),
    // A difference is confirmed seconds after it was compared, maybe in a bucket that compared nothing.
    shadowPercent: bucket.shadowCompared
      ? Math.min(100, (100 * (bucket.shadowDiffering ?? 0)) / bucket.shadowCompared)
      : null,
    shadowSourceP50Ms: ms(bucket.shadowSourceP50Us),
    shadowSourceP95Ms: ms(bucket.shadowSourceP95Us),
    shadowSourceP99Ms: ms(bucket.shadowSourceP99Us),
    shadowTargetP50Ms: ms(bucket.shadowTargetP50Us),
    shadowTargetP95Ms: ms(bucket.shadowTargetP95Us),
    shadowTargetP99Ms: ms(bucket.shadowTargetP99Us),
    observedMilli:
      readsSource === null || readsTarget === null || readsFallback === null
        ? null
        : observedMilliOf({ source: readsSource, target: readsTarget, fallback: readsFallback }),
    dirty: bucket.dirty,
    dirtyOldestMs: bucket.dirtyOldestMs,
    itemsPerSecond: bucket.itemsPerSecond,
  };
}

const kindOf = (mark: MarkRecord): TrafficView['marks'][number]['kind'] => {
  if (mark.kind.startsWith('hold.') || mark.kind.startsWith('fence.')) return 'hold';
  return mark.kind.startsWith('move.') ? 'stage' : 'epoch';
};

const labelOf = (mark: MarkRecord): string =>
  mark.epoch === null ? mark.sentence : `${mark.sentence} (epoch ${mark.epoch})`;
