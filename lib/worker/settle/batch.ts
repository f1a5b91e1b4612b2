/**
 * Settles one batch of claimed keys (PROTOCOL D1–D4): each round takes the rows' generations anew, reads the authority
 * consistently, writes image or delete to the follower, confirms by reading the authority again, and lets a row go
 * only if neither its generation nor its claim has changed and its hold had passed when the round began.
 */
import type { BuriedKey } from '@/db/queries/dead-letter';
import type { ClaimedKey, ClaimTokens } from '@/db/queries/dirty';
import type { WorkTable } from '@/db/queries/run';
import { type ItemImage, sameImage } from '@/lib/adapters/dynamodb/slices/item-image';
import { fullJitterMs } from '@/lib/domain/pacing/backoff';
import type { WorkerContext } from '../context';
import { leaseMsFor } from '../limits';
import { asOnFollower } from '../mapped-images';
import { readImages } from '../read-images';
import type { Work } from '../segment-work';
import type { Store } from '../stores';
import { writeEntries } from '../write-entries';
import { SettleWork } from './settle-work';

const KEY_BACKOFF = { baseMs: 250, capMs: 10_000 };
/** A key that changed in every round waits this long for its next turn. */
const HOT_MS = 500;

export interface SettleSides {
  table: WorkTable;
  authority: Store;
  authorityTable: string;
  follower: Store;
  followerTable: string;
}

/** Rounds until every key of the batch is gone, waits for its hold, or has to take another turn. */
export async function settleBatch(
  ctx: WorkerContext,
  sides: SettleSides,
  claimed: readonly ClaimedKey[],
): Promise<void> {
  const work = new SettleWork(ctx, sides.table);
  let open = tokensOf(claimed);
  const attempts = new Map(claimed.map((claim) => [claim.keyId, claim.attempts]));
  const { planTableId } = sides.table;
  for (let round = 1; round <= ctx.limits.settleRoundsMax && open.length > 0; round += 1) {
    const sentAtMs = ctx.clock.monotonicMs();
    const { claims, startedAt } = await ctx.ledger.renewClaims({
      planTableId,
      tokens: open,
      leaseMs: leaseMsFor(ctx.limits, sides.table.storeTimeoutMs),
    });
    work.renewed(sentAtMs);
    const result = await settleRound(ctx, work, { ...sides, claims, startedAt });
    await giveBack(ctx, { planTableId, failed: result.failed, attempts });
    await ctx.ledger.buryKeys({ planTableId, buried: result.buried });
    open = result.again;
    if (!work.mayGoOn()) break;
  }
  const isHot = work.mayGoOn();
  const error = isHot ? `Changed in ${ctx.limits.settleRoundsMax} rounds one after the other.` : null;
  await ctx.ledger.releaseClaims({ planTableId, tokens: open, afterMs: isHot ? HOT_MS : 0, error, hot: isHot });
}

interface RoundResult {
  /** Still claimed: to be settled in another round. */
  again: ClaimTokens;
  failed: { claim: ClaimedKey; error: string }[];
  /** Images that the follower refuses for good. */
  buried: BuriedKey[];
}

type Round = SettleSides & { claims: readonly ClaimedKey[]; startedAt: string };

async function settleRound(ctx: WorkerContext, work: SettleWork, round: Round): Promise<RoundResult> {
  const { table, claims } = round;
  const byId = new Map(claims.map((claim) => [claim.keyId, claim]));
  const failed: RoundResult['failed'] = [];
  const buried: BuriedKey[] = [];
  const truth = await readAuthority(ctx, work, round, [...byId.keys()]);
  for (const id of truth.unread)
    failed.push({ claim: byId.get(id) as ClaimedKey, error: 'The authority did not answer.' });
  const entries = [...truth.read].map(([keyId, image]) => ({ keyId, image: asOnFollower(ctx, table, image) }));
  const verdicts = await writeEntries(ctx, work, {
    store: round.follower,
    table: round.followerTable,
    schema: table.schema,
    entries,
  });
  const written = new Map<string, ItemImage | null>();
  const unknown: string[] = [];
  for (const [keyId, image] of truth.read) {
    const verdict = verdicts.get(keyId);
    const claim = byId.get(keyId) as ClaimedKey;
    if (verdict.kind === 'written') written.set(keyId, image);
    else if (verdict.kind === 'unknown') {
      unknown.push(keyId);
      failed.push({ claim, error: 'The outcome of the write to the follower is unknown.' });
    } else if (verdict.kind === 'refused') {
      buried.push({ claim, errorType: verdict.errorType, reason: verdict.reason });
    } else failed.push({ claim, error: 'The follower turned it away.' });
  }
  await markUnknown(ctx, table, unknown);
  const confirmed = await confirm(ctx, work, { ...round, written });
  const ends = await finish(
    ctx,
    round,
    confirmed.equal.map((id) => byId.get(id) as ClaimedKey),
  );
  const again = [...confirmed.differed, ...ends.changed].map((id) => byId.get(id) as ClaimedKey);
  return { again: tokensOf(again), failed, buried };
}

const readAuthority = (ctx: WorkerContext, work: Work, round: Round, keyIds: string[]) =>
  readImages(ctx, work, {
    store: round.authority,
    table: round.authorityTable,
    schema: round.table.schema,
    keyIds,
    expiry: { attribute: round.table.ttlAttribute },
  });

async function markUnknown(ctx: WorkerContext, table: WorkTable, keyIds: string[]): Promise<void> {
  if (keyIds.length === 0 || !ctx.safeguards.unknownOutcomes) return;
  const { planTableId, schema, deltaMs } = table;
  const unknownForMs = ctx.safeguards.holdUntil ? deltaMs : undefined;
  await ctx.ledger.markKeys({ planTableId, schema, keyIds, cause: 'unknown_outcome', unknownForMs });
}

/** W3 for a settle: a read of the authority that began after the outcome was known. A difference is a new mark. */
async function confirm(
  ctx: WorkerContext,
  work: SettleWork,
  round: Round & { written: Map<string, ItemImage | null> },
): Promise<{ equal: string[]; differed: string[] }> {
  const keyIds = [...round.written.keys()];
  if (!ctx.safeguards.settleConfirm) return { equal: keyIds, differed: [] };
  const now = await readAuthority(ctx, work.confirming(), round, keyIds);
  const same: string[] = [];
  const differed: string[] = [];
  for (const [keyId, image] of round.written) {
    const current = now.read.get(keyId);
    if (current !== undefined && sameImage(image, current)) same.push(keyId);
    else differed.push(keyId);
  }
  const { planTableId, schema } = round.table;
  // An upsert, because the row may have gone meanwhile if our claim had run out.
  if (differed.length > 0)
    await ctx.ledger.markKeys({ planTableId, schema, keyIds: differed, cause: 'confirm_differed' });
  return { equal: same, differed };
}

async function finish(ctx: WorkerContext, round: Round, claims: ClaimedKey[]): Promise<{ changed: string[] }> {
  if (claims.length === 0) return { changed: [] };
  const verdicts = await ctx.ledger.finishClaims({
    planTableId: round.table.planTableId,
    claims,
    startedAt: round.startedAt,
    checkGeneration: ctx.safeguards.generations,
    checkHold: ctx.safeguards.holdUntil,
  });
  return { changed: [...verdicts].filter(([, verdict]) => verdict === 'changed').map(([id]) => id) };
}

async function giveBack(
  ctx: WorkerContext,
  back: { planTableId: string; failed: RoundResult['failed']; attempts: Map<string, number> },
): Promise<void> {
  for (const { claim, error } of back.failed) {
    const attempt = back.attempts.get(claim.keyId) ?? 1;
    const afterMs = 50 + fullJitterMs(attempt, KEY_BACKOFF, ctx.random());
    await ctx.ledger.releaseClaims({
      planTableId: back.planTableId,
      tokens: tokensOf([claim]),
      afterMs,
      error,
      hot: false,
    });
  }
}

const tokensOf = (claims: readonly ClaimedKey[]): ClaimTokens =>
  claims.map((claim) => ({ key_id: claim.keyId, claim_token: claim.claimToken }));
