import { withTransaction } from '@/db/client';
import { insertSignOff, lapseItem } from '@/db/queries/checklist/sign-offs';
import { readPlan, setPlanColumns } from '@/db/queries/plan/plans';
import { AppError } from '@/lib/domain/errors';
import { CHECKLIST_ITEMS } from '@/lib/domain/plan/checklist';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { once } from '../evidence/idempotency';
import { invalid } from '../parse-input';
import { requireRole } from '../view/require-role';
import { evidenceOf } from './evidence';

export const NOTE_CHARS_MAX = 1_000;
export const DOCUMENT_CHARS_MAX = 20_000;
export const PEOPLE_CHARS_MAX = 2_000;

export interface SignOffInput {
  planId: string;
  item: string;
  note?: string | null;
  idempotencyKey?: string | null;
}

/**
 * Signs one item over the evidence of this moment; refused while its fact is not there. A new signature takes the place
 * of an older one. @throws AppError `plan.not_found`, `input.invalid`, `checklist.evidence_missing`
 */
export async function signOff(ctx: ServiceContext, actor: Actor, input: SignOffInput): Promise<{ signOffId: string }> {
  requireRole(actor, 'operator');
  const wanted = CHECKLIST_ITEMS.find((one) => one === input.item);
  if (!wanted) throw invalid({ item: 'The checklist has no such item.' });
  const note = input.note?.trim() || null;
  if (note !== null && note.length > NOTE_CHARS_MAX) throw invalid({ note: `At most ${NOTE_CHARS_MAX} characters.` });
  const known = await evidenceOf(ctx, input.planId);
  if (!known) throw new AppError('plan.not_found', 'There is no such plan.');
  const fact = known.items.find((one) => one.item === wanted)!;
  if (!fact.met) throw missing(fact);
  const idempotencyKey = input.idempotencyKey ?? null;
  const payload = { planId: input.planId, item: wanted, note };
  return await withTransaction(ctx.db, (tx) =>
    once(tx, { key: idempotencyKey, action: 'checklist.sign_off', actorId: actor.id, payload }, async () => {
      await lapseItem(tx, { planId: input.planId, item: wanted, exceptHash: '' }, `signed again by ${actor.name}`);
      const id = ctx.newId('signOff');
      const { hash: evidenceHash, evidence, title } = fact;
      const by = { signedBy: actor.id, signedByName: actor.name };
      await insertSignOff(tx, { id, planId: input.planId, item: wanted, evidenceHash, evidence, note, ...by });
      const sentence = `${actor.name} signed off "${title}".`;
      const after = { item: wanted, evidence, note };
      await appendEvent(ctx, tx, { planId: input.planId, kind: 'checklist.signed', sentence, actor, after });
      const detail = { item: wanted, evidenceHash, note };
      await appendAudit(ctx, tx, {
        action: 'checklist.sign_off',
        actor,
        subject: input.planId,
        detail,
        idempotencyKey,
      });
      return { signOffId: id };
    }),
  );
}

function missing(fact: { title: string; evidence: { label: string; value: string; met: boolean }[] }): AppError {
  const unmet = fact.evidence.filter((line) => !line.met).map((line) => `${line.label}: ${line.value}`);
  const sentence = `"${fact.title}" cannot be signed yet. ${unmet.slice(0, 3).join('; ')}.`;
  return new AppError('checklist.evidence_missing', { sentence, fields: { item: sentence } });
}

/** The document of the rollback procedure, or a link to it. A signature over an older text lapses. */
export async function setRollbackDocument(
  ctx: ServiceContext,
  actor: Actor,
  input: { planId: string; document: string },
): Promise<void> {
  const document = textOf(input.document, { field: 'document', max: DOCUMENT_CHARS_MAX });
  await setOnPlan(ctx, actor, {
    planId: input.planId,
    change: { rollbackDocument: document },
    what: 'rollback document',
  });
}

/** Names of those who were trained. A signature over an older list lapses. */
export async function setTrainedPeople(
  ctx: ServiceContext,
  actor: Actor,
  input: { planId: string; people: string },
): Promise<void> {
  const people = textOf(input.people, { field: 'people', max: PEOPLE_CHARS_MAX });
  await setOnPlan(ctx, actor, {
    planId: input.planId,
    change: { trainedPeople: people },
    what: 'list of trained people',
  });
}

/** Somebody stands by name for stopping all writes during a big bang. @throws AppError `input.invalid` */
export async function acknowledgeDowntime(ctx: ServiceContext, actor: Actor, input: { planId: string }): Promise<void> {
  const plan = await readPlan(ctx.db, input.planId);
  if (plan && plan.strategy !== 'big_bang') throw invalid({ planId: 'Only a big bang stops writes.' });
  const change = { downtimeAcknowledgedBy: actor.name };
  await setOnPlan(ctx, actor, { planId: input.planId, change, what: 'acknowledgement of downtime' });
}

function textOf(given: string, rule: { field: string; max: number }): string {
  const text = given.trim();
  if (text === '') throw invalid({ [rule.field]: 'Write something here.' });
  if (text.length > rule.max) throw invalid({ [rule.field]: `At most ${rule.max} characters.` });
  return text;
}

async function setOnPlan(
  ctx: ServiceContext,
  actor: Actor,
  input: { planId: string; change: Parameters<typeof setPlanColumns>[2]; what: string },
): Promise<void> {
  requireRole(actor, 'operator');
  await withTransaction(ctx.db, async (tx) => {
    const plan = await readPlan(tx, input.planId);
    if (!plan) throw new AppError('plan.not_found', 'There is no such plan.');
    await setPlanColumns(tx, plan.id, input.change);
    const sentence = `Plan ${plan.name}: ${input.what} set by ${actor.name}.`;
    await appendEvent(ctx, tx, { planId: plan.id, kind: 'plan.changed', sentence, actor, after: input.change });
    await appendAudit(ctx, tx, { action: 'plan.change', actor, subject: plan.id, detail: input.change });
  });
}
