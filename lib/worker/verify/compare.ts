/**
 * Comparison of keys on both sides (PROTOCOL C5). What differs at first sight is a suspect; only what stays different
 * across two consistent reads of both sides, at least the recheck delay apart, with neither image changed and no mark
 * on the key meanwhile, is a mismatch.
 */
import type { WorkTable } from '@/db/queries/run';
import { type ItemImage, sameImage } from '@/lib/adapters/dynamodb/slices/item-image';
import { classifyMismatch, differences } from '@/lib/domain/item/compare';
import type { MismatchClass } from '@/lib/domain/run/states';
import { allEnded } from '../all-ended';
import type { WorkerContext } from '../context';
import { asOnTarget } from '../mapped-images';
import { type Images, readImages } from '../read-images';
import type { Work } from '../segment-work';
import type { Store } from '../stores';

export interface Sides {
  table: WorkTable;
  source: Store;
  target: Store;
}

export interface Pair {
  keyId: string;
  /** In the form of the target, where attributes are mapped. */
  source: ItemImage | null;
  target: ItemImage | null;
}

export interface Mismatch extends Pair {
  class: MismatchClass;
  attributes: { attribute: string; class: MismatchClass }[];
}

export interface Verdicts {
  mismatches: Mismatch[];
  /** Somebody wrote the key between the reads. */
  hot: number;
  /** The key is marked, so its difference is known and being settled. */
  inFlight: number;
  /** Equal at the second look. */
  settled: number;
  /** Keys that could not be read again: the page must be repeated. */
  unread: number;
}

/** Above the longest life of a mirror on its way (one in the lane, one behind it), or a write in flight looks lost. */
const MIRROR_LIVES = 2;
const MARGIN_MS = 200;

export const recheckDelayOf = (table: WorkTable): number =>
  Math.max(table.recheckDelayMs, MIRROR_LIVES * table.storeTimeoutMs + MARGIN_MS);

export const isDifferent = (pair: Pair): boolean => !sameImage(pair.source, pair.target);

/** Decides about suspects. Waits the recheck delay once for all of them. */
export async function judge(ctx: WorkerContext, work: Work, ask: Sides & { suspects: Pair[] }): Promise<Verdicts> {
  const { suspects, table } = ask;
  const verdicts: Verdicts = { mismatches: [], hot: 0, inFlight: 0, settled: 0, unread: 0 };
  if (suspects.length === 0) return verdicts;
  if (!ctx.safeguards.recheck) return { ...verdicts, mismatches: suspects.map(describe) };
  const keyIds = suspects.map((pair) => pair.keyId);
  const markedBefore = await ctx.ledger.dirtyAmong(table.planTableId, keyIds);
  await rest(ctx, work, recheckDelayOf(table));
  const again = await readBoth(ctx, work, { ...ask, keyIds });
  // After the reads: a mark that came while they ran counts.
  const markedAfter = await ctx.ledger.dirtyAmong(table.planTableId, keyIds);
  for (const first of suspects) {
    const source = again.source.read.get(first.keyId);
    const target = again.target.read.get(first.keyId);
    if (source === undefined || target === undefined) verdicts.unread += 1;
    else if (markedBefore.has(first.keyId) || markedAfter.has(first.keyId)) verdicts.inFlight += 1;
    else if (sameImage(source, target)) verdicts.settled += 1;
    else if (!sameImage(first.source, source) || !sameImage(first.target, target)) verdicts.hot += 1;
    else verdicts.mismatches.push(describe({ keyId: first.keyId, source, target }));
  }
  return verdicts;
}

function describe(pair: Pair): Mismatch {
  const source = pair.source?.item ?? null;
  const target = pair.target?.item ?? null;
  const attributes =
    source && target
      ? differences(source, target).map(({ attribute, class: kind }) => ({ attribute, class: kind }))
      : [];
  return { ...pair, class: classifyMismatch(source, target) ?? 'different', attributes };
}

/** In steps, so that a pause or the end of the process is heard. */
export async function rest(ctx: WorkerContext, work: Work, ms: number): Promise<void> {
  const endsAtMs = ctx.clock.monotonicMs() + ms;
  while (work.mayGoOn() && ctx.clock.monotonicMs() < endsAtMs) {
    await new Promise<void>((done) => setTimeout(done, Math.min(100, endsAtMs - ctx.clock.monotonicMs())));
  }
}

/** Both sides now, the source's items in the form of the target: there a difference of form is one too. */
export async function readBoth(
  ctx: WorkerContext,
  work: Work,
  ask: Sides & { keyIds: readonly string[] },
): Promise<{ source: Images; target: Images }> {
  const { table, keyIds } = ask;
  const common = { schema: table.schema, keyIds, expiry: { attribute: table.ttlAttribute } };
  const [source, target] = (await allEnded([
    readImages(ctx, work, { ...common, store: ask.source, table: table.tableName }),
    readImages(ctx, work, { ...common, store: ask.target, table: table.targetName }),
  ])) as [Images, Images];
  for (const [id, image] of source.read) source.read.set(id, asOnTarget(ctx, table, image));
  return { source, target };
}
