import { readTableRows, type TableRowRecord } from '@/db/queries/view/table-rows';
import {
  type FenceRecord,
  readApprovals,
  readFences,
  readTableDetail,
  type TableDetailRecord,
} from '@/db/queries/view/tables';
import type { FenceView, GuardrailView, TableView } from '@/lib/contracts/views';
import { AppError } from '@/lib/domain/errors';
import { GUARDS } from '@/lib/domain/plan/guard-rules';
import type { Guardrail } from '@/lib/domain/plan/guardrails';
import { writesOf } from '@/lib/domain/plan/stages';
import type { Actor, ServiceContext } from '../context';
import { GATEWAY_SILENT_MS, type LoadedFacts, loadFacts } from '../table/facts';
import { moveViews, shareCeilingMilli } from './move-view';
import { recoveryView } from './recovery-view';
import { hasRole, requireRole } from './require-role';
import { extrasFrom } from './row-extras';
import { iso, SHARE_WINDOW_MS_MAX, toTableRow } from './table-row';

/** Everything the page of one table shows. @throws AppError `table.not_found` */
export async function tableView(ctx: ServiceContext, actor: Actor, tableId: string): Promise<TableView> {
  requireRole(actor, 'viewer');
  const filter = { tableId, windowMsMax: SHARE_WINDOW_MS_MAX, silentMs: GATEWAY_SILENT_MS };
  const [rows, detail, fences, approvals, loaded, recovery] = await Promise.all([
    readTableRows(ctx.sql, filter),
    readTableDetail(ctx.sql, tableId),
    readFences(ctx.sql, tableId),
    readApprovals(ctx.sql, tableId),
    loadFacts(ctx, ctx.db, { planTableId: tableId }),
    recoveryView(ctx),
  ]);
  const row = rows[0];
  if (!row || !detail || !loaded) throw new AppError('table.not_found', `There is no table ${tableId.slice(0, 60)}.`);
  const open = fences.find((fence) => !isOver(fence)) ?? null;
  const last = fences.find(isOver) ?? null;
  return {
    ...toTableRow(row, extrasFrom(row, loaded, ctx.clock.nowMs())),
    ...describedBy(row, detail),
    mapping: mappingOf(detail, hasRole(actor, 'operator')),
    moves: await moveViews(ctx, { actor, tableId, loaded, approvals }),
    recovery,
    fence: open ? toFence(open) : null,
    lastFence: last ? toFence(last) : null,
    barrier: barrierOf(row, detail),
    guardrails: row.stage === 'planned' || row.stage === 'retired' ? [] : loaded.guardrails.map(toGuardrail),
    backup: backupOf(row, detail, loaded),
    shareCeilingMilli: shareCeilingMilli(loaded.facts, actor),
  };
}

const toGuardrail = (rail: Guardrail): GuardrailView => ({
  ...rail,
  title: GUARDS[rail.name].title,
  modes: GUARDS[rail.name].modes,
});

const isOver = (fence: FenceRecord): boolean => fence.step === 'released' || fence.step === 'aborted';

const toFence = (fence: FenceRecord): FenceView => ({
  id: fence.id,
  verb: fence.verb,
  step: fence.step,
  openedBy: fence.openedBy,
  openedAt: fence.openedAt.toISOString(),
  boundAt: fence.boundAt.toISOString(),
  pauseMs: fence.releasedAt ? fence.releasedAt.getTime() - fence.openedAt.getTime() : null,
  abortedReason: fence.abortedReason,
});

function describedBy(row: TableRowRecord, detail: TableDetailRecord) {
  const { shape } = detail;
  return {
    version: row.version,
    targetName: row.targetName,
    liveChannel: row.liveChannel,
    wave: row.wave,
    keySchema: detail.keySchema,
    shape: {
      itemCount: shape.itemCount,
      sizeBytes: shape.sizeBytes,
      indexes: shape.indexes,
      streamView: shape.streamView,
      ttlAttribute: detail.ttlAttribute,
      at: new Date(shape.atMs).toISOString(),
    },
    settings: row.settings,
    writes: detail.writes ?? writesOf(row.strategy, row.stage),
    epoch: row.epoch ?? 0,
    stageSinceAt: row.stageSince.toISOString(),
    verifyAgain: row.verifyAgainSince
      ? { sinceAt: row.verifyAgainSince.toISOString(), reason: row.verifyAgainReason ?? '' }
      : null,
    assessment: {
      checks: detail.assessment ?? [],
      at: iso(detail.assessedAt),
      waivers: detail.waivers.map(({ atMs, ...waiver }) => ({ ...waiver, at: new Date(atMs).toISOString() })),
    },
    forecast: detail.forecast,
    targetProof: detail.targetProvenAt
      ? { at: detail.targetProvenAt.toISOString(), detail: detail.targetProof ?? '' }
      : null,
    typeRoundTrip: roundTripOf(detail),
  };
}

function roundTripOf({ typeRoundTrip }: TableDetailRecord): TableView['typeRoundTrip'] {
  if (!typeRoundTrip) return null;
  const { atMs, ...trip } = typeRoundTrip;
  return { ...trip, at: new Date(atMs).toISOString() };
}

/** Bounds of sampled values are values: for operators and above, as those of a mismatch. */
function mappingOf({ mappings, mappingCandidates }: TableDetailRecord, mayReadValues: boolean): TableView['mapping'] {
  const date = (ms: number): string | null => (mayReadValues ? new Date(ms).toISOString() : null);
  const candidates = mappingCandidates?.map(({ minMs, maxMs, ...one }) => ({
    ...one,
    from: date(minMs),
    to: date(maxMs),
  }));
  return { chosen: mappings, candidates: candidates ?? null };
}

function barrierOf(row: TableRowRecord, detail: TableDetailRecord): TableView['barrier'] {
  if (!row.isBarrierOpen || !row.barrierVerb || !row.barrierOpenedAt) return null;
  return {
    verb: row.barrierVerb,
    acknowledged: detail.barrierAcknowledged,
    registered: detail.barrierRegistered,
    openedAt: row.barrierOpenedAt.toISOString(),
  };
}

function backupOf(row: TableRowRecord, detail: TableDetailRecord, loaded: LoadedFacts): TableView['backup'] {
  if (!row.backupSince || !row.backupUntil) return null;
  return {
    sinceAt: row.backupSince.toISOString(),
    untilAt: row.backupUntil.toISOString(),
    sourceRefusalProvenAt: iso(detail.sourceRefusalProvenAt),
    sourceTraffic: loaded.facts.sourceTrafficSinceBackup,
  };
}
