import { deleteDraft, readDraft, writeDraft } from '@/db/queries/plan/plans';
import type { Actor, ServiceContext } from '../context';
import { invalid } from '../parse-input';
import { requireRole } from '../view/require-role';

/** A form of a hundred tables is some 20 KB. */
export const DRAFT_BYTES_MAX = 256 * 1024;

/** The plan that this person was filling in; null when there is none. It survives a reload and another browser. */
export async function loadDraft(ctx: ServiceContext, actor: Actor): Promise<Record<string, unknown> | null> {
  requireRole(actor, 'viewer');
  return await readDraft(ctx.db, actor.id);
}

/** Keeps what was typed so far, unchecked: it is checked when the plan is made. */
export async function saveDraft(ctx: ServiceContext, actor: Actor, draft: Record<string, unknown>): Promise<void> {
  requireRole(actor, 'operator');
  if (Buffer.byteLength(JSON.stringify(draft), 'utf8') > DRAFT_BYTES_MAX)
    throw invalid({ form: 'This draft is too large to keep.' });
  await writeDraft(ctx.db, actor.id, draft);
}

export async function dropDraft(ctx: ServiceContext, actor: Actor): Promise<void> {
  requireRole(actor, 'operator');
  await deleteDraft(ctx.db, actor.id);
}
