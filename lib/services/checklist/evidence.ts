import { createHash } from 'node:crypto';
import { type PlanFacts, readPlanFacts } from '@/db/queries/checklist/sign-offs';
import { type PlanRow, type PlanTableRow, readPlan, readPlanTables } from '@/db/queries/plan/plans';
import type { ChecklistItemView } from '@/lib/contracts/views';
import type { ChecklistItem } from '@/lib/domain/plan/checklist';
import { MOVES } from '@/lib/domain/plan/moves';
import { authorityOf } from '@/lib/domain/plan/stages';
import { formatCount, formatMs, formatShare } from '@/lib/domain/units';
import type { ServiceContext } from '../context';
import { type LoadedFacts, loadFacts } from '../table/facts';

/**
 * What each item of the checklist rests on, computed from facts alone (DESIGN section 7). `met`: it may be signed now.
 * `basis`: what a signature rests on; when its hash changes, the signature lapses. The basis leaves out what may waver
 * for seconds under live traffic (one dirty key, one read), so a signature does not lapse by noise.
 */
export interface ItemEvidence {
  item: ChecklistItem;
  title: string;
  met: boolean;
  evidence: ChecklistItemView['evidence'];
  basis: unknown;
  hash: string;
  asks: ChecklistItemView['asks'];
  supplied: string | null;
  /** In a lapse: what is no longer so. */
  gone: string;
}

/** A dirty key that stays this long is no noise. */
const DIRTY_STUCK_MS = 60_000;
const TITLES: Record<ChecklistItem, string> = {
  data_verified: 'All data backfilled and verified',
  reads_on_target: '100 % of reads from TerraScale',
  writes_on_target: '100 % of writes to TerraScale',
  monitoring: 'Monitoring and alerts configured',
  rollback: 'Rollback procedure documented',
  training: 'Team trained on the dashboard',
};

interface Known {
  plan: PlanRow;
  tables: { row: PlanTableRow; loaded: LoadedFacts }[];
  facts: PlanFacts;
}

type Line = ChecklistItemView['evidence'][number];

/** Evidence of all six items, in the order of the guide; null: there is no such plan. */
export async function evidenceOf(
  ctx: ServiceContext,
  planId: string,
): Promise<{ plan: PlanRow; items: ItemEvidence[] } | null> {
  const plan = await readPlan(ctx.db, planId);
  if (!plan) return null;
  const rows = await readPlanTables(ctx.db, planId);
  const tables: Known['tables'] = [];
  for (const row of rows) {
    const loaded = await loadFacts(ctx, ctx.db, { planTableId: row.id });
    if (loaded) tables.push({ row, loaded });
  }
  const known: Known = { plan, tables, facts: await readPlanFacts(ctx.sql, planId) };
  const items = [dataVerified, readsOnTarget, writesOnTarget, monitoring, rollback, training].map((of) => of(known));
  return { plan, items };
}

const item = (given: Omit<ItemEvidence, 'title' | 'hash'>): ItemEvidence => ({
  ...given,
  title: TITLES[given.item],
  hash: createHash('sha256').update(JSON.stringify(given.basis)).digest('hex'),
});

const nothing = { asks: 'nothing' as const, supplied: null };
const tableCount = (known: Known): Line => ({
  label: 'Tables',
  value: known.tables.length === 0 ? 'none' : formatCount(known.tables.length),
  met: known.tables.length > 0,
});

function dataVerified(known: Known): ItemEvidence {
  const states = known.tables.map(({ row, loaded }) => {
    const { verification, backfill, verifyAgainSinceMs, nowMs } = loaded.facts;
    const finishedMs = verification?.finishedAtMs ?? null;
    // A verification counts against what happened before it began, not before it ended.
    const isVoid = verifyAgainSinceMs !== null && (verification?.startedAtMs ?? 0) <= verifyAgainSinceMs;
    const isCopied = backfill?.state === 'done' && backfill.segmentsFailed === 0;
    const isClean =
      verification?.state === 'done' &&
      verification.full &&
      verification.mismatches === 0 &&
      finishedMs !== null &&
      !isVoid;
    const value = !isCopied
      ? `backfill ${backfill?.state ?? 'not begun'}`
      : verification === null || finishedMs === null
        ? `not verified (${verification?.state ?? 'never begun'})`
        : `${formatCount(verification.compared)} items compared, ${formatCount(verification.mismatches)} mismatches, ${formatMs(nowMs - finishedMs)} ago${isVoid ? '; void: verify again' : ''}`;
    const isMet = row.stage === 'retired' || (isCopied && isClean);
    return { line: { label: row.name, value, met: isMet }, basis: { table: row.id, isMet } };
  });
  return item({
    item: 'data_verified',
    met: known.tables.length > 0 && states.every(({ line }) => line.met),
    evidence: [tableCount(known), ...states.map(({ line }) => line)],
    basis: states.map(({ basis }) => basis),
    gone: 'a table is no longer backfilled and verified without a mismatch',
    ...nothing,
  });
}

function readsOnTarget(known: Known): ItemEvidence {
  const states = known.tables.map(({ row, loaded }) => {
    const { facts } = loaded;
    const unroutable = `${formatCount(facts.unroutableReads)} unroutable reads in ${formatMs(facts.unroutableWindowMs)}`;
    if (known.plan.strategy === 'big_bang') return frozen(row, facts.verification?.state === 'done', unroutable);
    const isDesired = authorityOf(row.stage) === 'target' || row.readShareMilli === 100_000;
    const isOver = row.stage === 'backup' || row.stage === 'retired';
    const isObserved = facts.observedShareMilli === 100_000;
    const observed =
      facts.observedShareMilli === null
        ? 'no reads yet'
        : `${formatShare(facts.observedShareMilli)} of ${formatCount(facts.routableReads)} routable reads`;
    const line = { label: row.name, value: `${observed}; ${unroutable}`, met: isOver || (isDesired && isObserved) };
    return { line, basis: { table: row.id, isDesired } };
  });
  return item({
    item: 'reads_on_target',
    met: known.tables.length > 0 && states.every(({ line }) => line.met),
    evidence: [tableCount(known), ...states.map(({ line }) => line)],
    basis: states.map(({ basis }) => basis),
    gone: 'a table no longer reads everything from TerraScale',
    ...nothing,
  });
}

/** Big bang has no shift: with writes refused and the copy verified, the flip itself moves everything at once. */
function frozen(row: PlanTableRow, isVerified: boolean, more: string) {
  const isReady = (row.stage === 'verify' && isVerified) || authorityOf(row.stage) === 'target';
  const value = isReady
    ? `writes are stopped and the copy is verified; the flip moves all at once; ${more}`
    : 'not ready to flip';
  return { line: { label: row.name, value, met: isReady }, basis: { table: row.id, isReady } };
}

function writesOnTarget(known: Known): ItemEvidence {
  const states = known.tables.map(({ row, loaded }) => {
    const { dirty, verification } = loaded.facts;
    const dirtyText = `${formatCount(dirty.count)} dirty keys`;
    if (known.plan.strategy === 'big_bang') return frozen(row, verification?.state === 'done', dirtyText);
    const isAuthority = authorityOf(row.stage) === 'target';
    const isStuck = (dirty.oldestMs ?? 0) > DIRTY_STUCK_MS;
    const value = `${isAuthority ? 'TerraScale is the authority' : 'DynamoDB is the authority'}, ${dirtyText}`;
    const line = { label: row.name, value, met: isAuthority && dirty.count === 0 };
    return { line, basis: { table: row.id, isAuthority, isStuck } };
  });
  return item({
    item: 'writes_on_target',
    met: known.tables.length > 0 && states.every(({ line }) => line.met),
    evidence: [tableCount(known), ...states.map(({ line }) => line)],
    basis: states.map(({ basis }) => basis),
    gone: 'TerraScale is no longer the authority of every table, or a dirty key does not settle',
    ...nothing,
  });
}

function monitoring({ facts }: Known): ItemEvidence {
  const met = facts.tested.length > 0;
  const evidence: Line[] = met
    ? facts.tested.map((one) => ({ label: one.name, value: `test alert delivered ${one.at.toISOString()}`, met: true }))
    : [{ label: 'Alert destination', value: 'no test alert was delivered', met: false }];
  return item({
    item: 'monitoring',
    met,
    evidence,
    basis: { isDelivered: met },
    asks: 'alert',
    supplied: facts.tested[0]?.name ?? null,
    gone: 'no alert destination has a delivered test any more',
  });
}

function rollback({ plan, facts }: Known): ItemEvidence {
  const document = plan.rollbackDocument?.trim() || null;
  const { rehearsal } = facts;
  const move = rehearsal ? MOVES.find((one) => `move.${one.verb}` === rehearsal.kind) : undefined;
  const evidence: Line[] = [
    {
      label: 'Document',
      value: document ? `${formatCount(document.length)} characters` : 'none',
      met: document !== null,
    },
    {
      label: 'Rehearsed roll-back',
      value: rehearsal
        ? `${move?.label ?? rehearsal.kind}${rehearsal.tableName ? ` of ${rehearsal.tableName}` : ''}, by ${rehearsal.actor}, ${rehearsal.at.toISOString()}`
        : 'none yet: shift reads back once, on purpose',
      met: rehearsal !== null,
    },
  ];
  return item({
    item: 'rollback',
    met: evidence.every((line) => line.met),
    evidence,
    basis: { document, isRehearsed: rehearsal !== null },
    asks: 'rollback_document',
    supplied: document,
    gone: 'the rollback document was changed',
  });
}

function training({ plan }: Known): ItemEvidence {
  const people = plan.trainedPeople?.trim() || null;
  return item({
    item: 'training',
    met: people !== null,
    evidence: [{ label: 'Trained', value: people ?? 'nobody named', met: people !== null }],
    basis: { people },
    asks: 'trained_people',
    supplied: people,
    gone: 'the list of trained people was changed',
  });
}
