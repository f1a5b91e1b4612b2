import { SAMPLES_PER_CLASS_MAX } from '@/db/queries/gateway/shadow';
import {
  readShadowSamples,
  readShadowTotals,
  SHADOW_WINDOW_MS,
  type ShadowSampleRecord,
  type ShadowTotals,
} from '@/db/queries/view/shadow';
import type { ShadowSampleRowView, ShadowSampleView, ShadowView } from '@/lib/contracts/views';
import { AppError } from '@/lib/domain/errors';
import { formNote } from '@/lib/domain/mapping/check';
import { authorityOf } from '@/lib/domain/plan/stages';
import { mayShadow } from '@/lib/domain/routing/shadow';
import type { Actor, ServiceContext } from '../context';
import { imageRows } from './mismatch-view';
import { hasRole, requireRole } from './require-role';
import { sayKey } from './say-key';

/** Shadow reads of a table: share, counts, and what stayed different. @throws AppError `table.not_found` */
export async function shadowView(ctx: ServiceContext, actor: Actor, tableId: string): Promise<ShadowView> {
  requireRole(actor, 'viewer');
  const [totals, samples] = await Promise.all([
    readShadowTotals(ctx.sql, tableId),
    readShadowSamples(ctx.sql, { tableId }),
  ]);
  if (!totals) throw new AppError('table.not_found', `There is no table ${tableId.slice(0, 60)}.`);
  const mayReadValues = hasRole(actor, 'operator');
  return {
    ...shadowCounts(totals),
    samples: samples.map((row) => toRow(row, mayReadValues)),
    keptMax: SAMPLES_PER_CLASS_MAX,
  };
}

/** The share, what was counted lately, and how many samples are kept: on the traffic page and beside verifications. */
export function shadowCounts(totals: ShadowTotals): Pick<ShadowView, 'milli' | 'isPossible' | 'window' | 'kept'> {
  const { reads, dropped, failed, compared, skipped, expired, settled, missing, extra, different, type } = totals;
  const kept = typeof totals.kept === 'string' ? {} : totals.kept;
  return {
    milli: totals.milli,
    isPossible: mayShadow(totals.stage),
    window: {
      ms: SHADOW_WINDOW_MS,
      ...{ reads, dropped, failed, compared, skipped, expired, settled },
      classes: { missing, extra, different, type },
    },
    kept: { missing: 0, extra: 0, different: 0, type: 0, ...kept },
  };
}

/**
 * Both images of one sample; values are for operators and above, as those of a mismatch.
 * @throws AppError `mismatch.not_found`
 */
export async function shadowSampleView(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string; sampleId: string },
): Promise<ShadowSampleView> {
  requireRole(actor, 'viewer');
  const [row] = await readShadowSamples(ctx.sql, input);
  if (!row) throw new AppError('mismatch.not_found', 'There is no such difference on this table.');
  const mayReadValues = hasRole(actor, 'operator');
  return {
    ...toRow(row, mayReadValues),
    masked: !mayReadValues,
    // A gateway compares what an application would be given.
    formNote: formNote(row.mappings, 'source'),
    rows: imageRows(ctx, row, mayReadValues),
  };
}

function toRow(row: ShadowSampleRecord, mayReadValues: boolean): ShadowSampleRowView {
  const isMarked = row.marked || row.repairedBy !== null;
  const follower = authorityOf(row.stage) === 'source' ? 'target' : 'source';
  const isDeletion = row.class === (follower === 'target' ? 'extra' : 'missing');
  return {
    id: row.id,
    key: sayKey(row.keyId, mayReadValues),
    class: row.class,
    attributes: row.attributes,
    answeredBy: row.answeredBy,
    operation: row.operation,
    epoch: row.epoch,
    state: row.isDirty ? 'healing' : isMarked ? 'settled' : 'waits',
    repairedBy: row.repairedBy,
    repairDeletes: isDeletion ? follower : null,
    seen: row.seen,
    firstSeenAt: row.firstSeenAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
  };
}
