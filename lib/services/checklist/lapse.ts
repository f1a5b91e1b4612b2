import { withTransaction } from '@/db/client';
import { lapseItem, latestSignOffs, plansWithSignOffs } from '@/db/queries/checklist/sign-offs';
import { type ServiceContext, SYSTEM } from '../context';
import { appendEvent } from '../evidence/event';
import { evidenceOf, type ItemEvidence } from './evidence';

/**
 * Lets every signature lapse whose fact has changed, in all plans; safe to run in several processes and twice. The
 * worker calls it in its loop of observations. Returns how many lapsed.
 */
export async function lapseSignOffs(ctx: ServiceContext): Promise<number> {
  let lapsed = 0;
  for (const planId of await plansWithSignOffs(ctx.sql)) {
    const known = await evidenceOf(ctx, planId);
    if (known) lapsed += await lapsePlan(ctx, planId, known.items);
  }
  return lapsed;
}

/** The same for one plan whose evidence is at hand. */
export async function lapsePlan(ctx: ServiceContext, planId: string, items: readonly ItemEvidence[]): Promise<number> {
  const signed = (await latestSignOffs(ctx.sql, planId)).filter((sign) => sign.lapsedAt === null);
  let lapsed = 0;
  for (const sign of signed) {
    const now = items.find((one) => one.item === sign.item);
    if (!now || now.hash === sign.evidenceHash) continue;
    await withTransaction(ctx.db, async (tx) => {
      const names = await lapseItem(tx, { planId, item: sign.item, exceptHash: now.hash }, now.gone);
      lapsed += names.length;
      if (names.length === 0) return;
      const sentence = `The sign-off of "${now.title}" by ${names.join(', ')} lapsed: ${now.gone}.`;
      const after = { item: sign.item, evidence: now.evidence };
      await appendEvent(ctx, tx, { planId, kind: 'checklist.lapsed', sentence, actor: SYSTEM, after });
    });
  }
  return lapsed;
}
