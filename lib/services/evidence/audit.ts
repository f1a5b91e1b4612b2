import { createHash } from 'node:crypto';
import { asc, desc, gt, sql } from 'drizzle-orm';
import type { DbTransaction } from '@/db/client';
import { audit } from '@/db/schema';
import { formatCount } from '@/lib/domain/units';
import type { Actor, ServiceContext } from '../context';

/** One writer of the chain at a time: held to the end of the transaction, so sequence, commit and chain agree. */
const AUDIT_LOCK = 0x4c46_0001;
/** `previousHash` of the first entry. */
export const CHAIN_START = '0'.repeat(64);
const PAGE_ENTRIES = 1_000;

export interface NewAudit {
  action: string;
  actor: Actor;
  /** What was acted on: an id. */
  subject: string;
  /** Parameters, never secrets or items. */
  detail: unknown;
  reason?: string | null;
  idempotencyKey?: string | null;
}

interface Hashed {
  id: string;
  action: string;
  actorId: string;
  actorName: string;
  subject: string;
  detail: unknown;
  reason: string | null;
  idempotencyKey: string | null;
  at: Date;
}

/**
 * Appends one entry to the chain in the caller's transaction, which must be READ COMMITTED: an older snapshot would
 * not see the entry that was committed while it waited for the lock. Call it last; it holds up every other writer.
 */
export async function appendAudit(
  ctx: Pick<ServiceContext, 'newId' | 'clock'>,
  tx: DbTransaction,
  entry: NewAudit,
): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${AUDIT_LOCK})`);
  const last = await tx.select({ hash: audit.hash }).from(audit).orderBy(desc(audit.sequence)).limit(1);
  const previousHash = last[0]?.hash ?? CHAIN_START;
  const row: Hashed = {
    id: ctx.newId('audit'),
    action: entry.action,
    actorId: entry.actor.id,
    actorName: entry.actor.name,
    subject: entry.subject,
    detail: JSON.parse(JSON.stringify(entry.detail ?? null)),
    reason: entry.reason ?? null,
    idempotencyKey: entry.idempotencyKey ?? null,
    at: new Date(ctx.clock.nowMs()),
  };
  await tx.insert(audit).values({ ...row, previousHash, hash: hashOf(previousHash, row) });
}

function hashOf(previousHash: string, row: Hashed): string {
  const body = canonical({ ...row, at: row.at.toISOString() });
  return createHash('sha256').update(previousHash).update(body).digest('hex');
}

/** JSON with the names of every object in order, because jsonb does not keep the order in which it was given. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(',')}}`;
}

export interface ChainReport {
  verified: boolean;
  entries: number;
  sentence: string;
  /** Sequence of the first entry that does not fit. */
  brokenAt: number | null;
}

/** Recomputes the chain from its start. An entry changed or taken out shows as a break where it was. */
export async function verifyChain(ctx: Pick<ServiceContext, 'db'>): Promise<ChainReport> {
  let previousHash = CHAIN_START;
  let after = 0;
  let entries = 0;
  for (;;) {
    const rows = await ctx.db
      .select()
      .from(audit)
      .where(gt(audit.sequence, after))
      .orderBy(asc(audit.sequence))
      .limit(PAGE_ENTRIES);
    for (const row of rows) {
      if (row.previousHash !== previousHash || row.hash !== hashOf(previousHash, hashed(row))) {
        const sentence = `The chain is broken at entry ${row.sequence}: it was changed, or the one before it was.`;
        return { verified: false, entries, sentence, brokenAt: row.sequence };
      }
      previousHash = row.hash;
      after = row.sequence;
      entries += 1;
    }
    if (rows.length < PAGE_ENTRIES) break;
  }
  return { verified: true, entries, sentence: `${formatCount(entries)} entries, unbroken.`, brokenAt: null };
}

const hashed = (row: Hashed): Hashed => ({
  id: row.id,
  action: row.action,
  actorId: row.actorId,
  actorName: row.actorName,
  subject: row.subject,
  detail: row.detail,
  reason: row.reason,
  idempotencyKey: row.idempotencyKey,
  at: row.at,
});
