import { latestSignOffs, type SignOffRecord } from '@/db/queries/checklist/sign-offs';
import type { ChecklistItemView, ChecklistView } from '@/lib/contracts/views';
import { AppError } from '@/lib/domain/errors';
import { evidenceOf, type ItemEvidence } from '../checklist/evidence';
import { lapsePlan } from '../checklist/lapse';
import type { Actor, ServiceContext } from '../context';
import { requireRole } from './require-role';

/** The six items with their evidence; lets signatures lapse first, so that none is shown whose fact is gone. */
export async function checklistView(ctx: ServiceContext, actor: Actor, planId: string): Promise<ChecklistView> {
  requireRole(actor, 'viewer');
  const known = await evidenceOf(ctx, planId);
  if (!known) throw new AppError('plan.not_found', `There is no plan ${planId.slice(0, 60)}.`);
  await lapsePlan(ctx, planId, known.items);
  const signed = await latestSignOffs(ctx.sql, planId);
  const items = known.items.map((one) => toItem(one, signed.find((sign) => sign.item === one.item) ?? null));
  return {
    planId,
    planName: known.plan.name,
    items,
    done: items.filter((one) => one.signOff !== null).length,
    required: items.length,
  };
}

const toItem = (fact: ItemEvidence, sign: SignOffRecord | null): ChecklistItemView => ({
  item: fact.item,
  title: fact.title,
  factMet: fact.met,
  evidence: fact.evidence,
  signOff:
    sign && sign.lapsedAt === null
      ? { id: sign.id, by: sign.signedByName, at: sign.signedAt.toISOString(), note: sign.note }
      : null,
  lapsed:
    sign && sign.lapsedAt !== null
      ? {
          by: sign.signedByName,
          at: sign.signedAt.toISOString(),
          lapsedAt: sign.lapsedAt.toISOString(),
          reason: sign.lapsedReason ?? '',
        }
      : null,
  asks: fact.asks,
  supplied: fact.supplied,
});
