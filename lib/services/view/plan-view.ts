import { signedItems } from '@/db/queries/checklist/sign-offs';
import { readFlagNames } from '@/db/queries/flags/flags';
import { type PlanRecord, readPlans } from '@/db/queries/view/plans';
import { readTableRows, type TableRowRecord } from '@/db/queries/view/table-rows';
import type { PlanView } from '@/lib/contracts/views';
import { AppError } from '@/lib/domain/errors';
import { CHECKLIST_ITEMS } from '@/lib/domain/plan/checklist';
import { NOT_PROMISED } from '@/lib/domain/plan/promises';
import type { Actor, ServiceContext } from '../context';
import { GATEWAY_SILENT_MS } from '../table/facts';
import { requireRole } from './require-role';
import { extrasOf } from './row-extras';
import { SHARE_WINDOW_MS_MAX, toTableRow } from './table-row';

/** One plan with its tables. @throws AppError `plan.not_found` */
export async function planView(ctx: ServiceContext, actor: Actor, planId: string): Promise<PlanView> {
  requireRole(actor, 'viewer');
  const [plan] = await viewsOf(ctx, planId);
  if (!plan) throw new AppError('plan.not_found', `There is no plan ${planId.slice(0, 60)}.`);
  return plan;
}

/** Every plan, newest first. */
export async function planViews(ctx: ServiceContext, actor: Actor): Promise<PlanView[]> {
  requireRole(actor, 'viewer');
  return await viewsOf(ctx, null);
}

async function viewsOf(ctx: ServiceContext, planId: string | null): Promise<PlanView[]> {
  const filter = { planId, windowMsMax: SHARE_WINDOW_MS_MAX, silentMs: GATEWAY_SILENT_MS };
  const [plans, rows, signed, names] = await Promise.all([
    readPlans(ctx.sql, planId),
    readTableRows(ctx.sql, filter),
    signedItems(ctx.sql, planId),
    readFlagNames(ctx.sql, planId),
  ]);
  const extras = await extrasOf(ctx, rows);
  const tables = rows.map((row, index) => ({ row, view: toTableRow(row, extras[index]!) }));
  return plans.map((plan) => ({
    ...toPlan(plan),
    tables: tables.filter(({ row }: { row: TableRowRecord }) => row.planId === plan.id).map(({ view }) => view),
    flags: names.filter((one) => one.planId === plan.id).map(({ tableName, name }) => ({ tableName, name })),
    checklist: {
      done: signed.filter((sign) => sign.planId === plan.id).length,
      required: CHECKLIST_ITEMS.length,
    },
  }));
}

const toPlan = (plan: PlanRecord) => ({
  id: plan.id,
  name: plan.name,
  strategy: plan.strategy,
  settings: plan.settings,
  source: { id: plan.sourceId, name: plan.sourceName, endpoint: plan.sourceEndpoint },
  target: { id: plan.targetId, name: plan.targetName, endpoint: plan.targetEndpoint },
  createdBy: plan.createdBy,
  createdAt: plan.createdAt.toISOString(),
  version: plan.version,
  promises: [...NOT_PROMISED],
});
