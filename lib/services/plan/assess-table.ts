import { withTransaction } from '@/db/client';
import { type ConnectionRow, readConnection, storeRights } from '@/db/queries/connection/connections';
import { lockTable } from '@/db/queries/facts/lock';
import { readLiveWrites } from '@/db/queries/plan/live-writes';
import {
  type NewPlanTable,
  type PlanTableRow,
  readPlan,
  readPlanTable,
  setTableColumns,
} from '@/db/queries/plan/plans';
import { type AssessmentEvidence, checksOf, mappableEpochs } from '@/lib/domain/assessment/assess';
import type { CheckResult } from '@/lib/domain/assessment/checks';
import type { TargetProof } from '@/lib/domain/assessment/target-proof';
import { AppError } from '@/lib/domain/errors';
import type { Strategy } from '@/lib/domain/plan/stages';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { requireRole } from '../view/require-role';
import { lookAtTable } from './look-at-table';

export interface Assessed {
  checks: CheckResult[];
  proof: TargetProof;
}

export interface AssessedTable {
  table: PlanTableRow;
  strategy: Strategy;
  source: ConnectionRow;
  target: ConnectionRow;
}

/**
 * Runs every check of a table for real and stores what was found. Only while the table is planned: the proof of the
 * target writes probe items, which have no place in a copy that is under way.
 * @throws AppError `table.not_found`, `table.move_refused`
 */
export async function assessTable(ctx: ServiceContext, actor: Actor, input: { tableId: string }): Promise<Assessed> {
  requireRole(actor, 'operator');
  const known = await requirePlanned(ctx, input.tableId);
  const liveWritesPerSecond = await readLiveWrites(ctx.sql, known.table.id);
  const evidence = await lookAtTable(ctx, { ...known, liveWritesPerSecond });
  const checks = checksOf(evidence);
  await store(ctx, { actor, known, evidence, checks });
  return { checks, proof: evidence.proof };
}

/** The table with its plan's connections. @throws AppError `table.not_found`, `table.move_refused` */
export async function requirePlanned(ctx: ServiceContext, tableId: string): Promise<AssessedTable> {
  const table = await readPlanTable(ctx.db, tableId);
  const plan = table ? await readPlan(ctx.db, table.planId) : null;
  if (!table || !plan) throw new AppError('table.not_found', 'There is no such table.');
  if (table.stage !== 'planned') throw underWay(table.name);
  const [source, target] = await Promise.all([
    readConnection(ctx.db, plan.sourceConnectionId),
    readConnection(ctx.db, plan.targetConnectionId),
  ]);
  return { table, strategy: plan.strategy, source: source!, target: target! };
}

/** @throws AppError `table.move_refused` where the table went on meanwhile. */
export function requireStillPlanned(now: Pick<PlanTableRow, 'stage'> | null | undefined, name: string): void {
  if (now?.stage !== 'planned') throw underWay(name);
}

const underWay = (name: string): AppError =>
  new AppError('table.move_refused', `${name} is under way; it is assessed while it is planned. Nothing was changed.`);

interface Outcome {
  actor: Actor;
  known: AssessedTable;
  evidence: AssessmentEvidence;
  checks: CheckResult[];
}

async function store(ctx: ServiceContext, { actor, known, evidence, checks }: Outcome): Promise<void> {
  const { table, target } = known;
  const count = (state: CheckResult['state']): number => checks.filter((check) => check.state === state).length;
  const counts = {
    passed: count('passed'),
    warned: count('warned'),
    failed: count('failed'),
    unknown: count('unknown'),
  };
  await withTransaction(ctx.db, async (tx) => {
    const now = await lockTable(tx, table.id);
    requireStillPlanned(now, table.name);
    const nowMs = ctx.clock.nowMs();
    const change: Partial<NewPlanTable> = { assessment: checks, assessedAt: new Date(nowMs) };
    if (evidence.sample) change.mappingCandidates = mappableEpochs(evidence);
    const { described } = evidence.source;
    if (described) {
      const { key: _, ...shape } = described;
      change.shape = { ...shape, atMs: nowMs };
      change.ttlAttribute = shape.ttlAttribute;
    }
    if (evidence.forecast) {
      const { requestsPerMonth, requestsQuotaPerMonth, hours, bindsFirst } = evidence.forecast;
      change.forecast = { requestsPerMonth, requestsQuotaPerMonth, hours, bindsFirst };
    }
    await setTableColumns(tx, table.id, { ...change, ...provenColumns(evidence.proof, nowMs) });
    const rights = rightsOf(evidence.proof);
    if (rights) await storeRights(tx, target.id, rights);
    const sentence = `${table.name} was assessed: ${counts.passed} passed, ${counts.warned} warned, ${counts.failed} failed, ${counts.unknown} unknown.`;
    const at = { planId: table.planId, planTableId: table.id };
    await appendEvent(ctx, tx, { ...at, kind: 'assessment.done', sentence, actor, after: counts });
    const detail = { ...counts, target: evidence.proof.state };
    await appendAudit(ctx, tx, { action: 'table.assess', actor, subject: table.id, detail });
  });
}

/** What an answer proved stands until an answer proves otherwise; a target that cannot be asked proves nothing. */
function provenColumns(proof: TargetProof, nowMs: number): Partial<NewPlanTable> {
  if (proof.state === 'proven') {
    const { consistentRead, sortOrder, detail } = proof;
    return {
      targetProvenAt: consistentRead ? new Date(nowMs) : null,
      targetProof: detail,
      targetProbes: { consistentRead, sortOrder, detail, atMs: nowMs },
    };
  }
  if (proof.state === 'unreachable' || proof.state === 'unknown') return {};
  return { targetProvenAt: null, targetProof: null, targetProbes: null };
}

function rightsOf(proof: TargetProof): { mayRead: boolean | null; mayWrite: boolean | null } | null {
  if (proof.state === 'proven') return { mayRead: true, mayWrite: true };
  return proof.state === 'may_not_write' ? { mayRead: proof.mayRead, mayWrite: false } : null;
}
