/**
 * A random sample of a table's keys at a price that does not grow with the table. A small table is read whole. Of a
 * larger one random pieces are read, each a thin range of the store's own hash of the partition key, and a few keys are
 * drawn from each: an item's chance depends on its neighbours in the hash, which nobody chooses, and on nothing else. A
 * store without segments (TerraScale's REST API) is never asked, because what is drawn from is the source.
 */
import { keyPlacesOf } from '@/lib/adapters/dynamodb/slices/item-key';
import { type SlicedPage, scanSlices } from '@/lib/adapters/dynamodb/slices/scan-slices';
import type { WireItem } from '@/lib/adapters/ports';
import type { WorkerContext } from '../context';
import { askPatiently } from '../patient';
import { keysOf } from '../scan';
import type { Work } from '../segment-work';
import type { Sides } from './compare';

/** A table of no more than so many times the sample is read whole. */
const WHOLE_TIMES = 10;
const PAGE_ITEMS = 1_000;
const PAGES_MAX = 10;
/** Items that a piece holds on average, and that are drawn from one at most. */
const PIECE_ITEMS = 4;
const PIECE_PAGE_ITEMS = 3 * PIECE_ITEMS;
/** DynamoDB's own maximum of TotalSegments. */
const PIECES_MAX = 1_000_000;
/** Pieces read for one sample; on average a quarter of it would do. */
const READS_MAX = 200;

/** At most `items` distinct key ids, or null where the work must stop; `work.fault` says why where something is wrong. */
export async function drawKeys(
  ctx: WorkerContext,
  work: Work,
  ask: Pick<Sides, 'table' | 'source'> & { items: number; itemsEstimate: number },
): Promise<string[] | null> {
  const { items, itemsEstimate } = ask;
  if (itemsEstimate <= items * WHOLE_TIMES) {
    const all = await wholeTable(ctx, work, ask);
    if (all === null) return null;
    if (all.isWhole) return drawn(ctx, all.keyIds, items);
  }
  const pieces = Math.min(PIECES_MAX, Math.max(items, Math.ceil(itemsEstimate / PIECE_ITEMS)));
  const keyIds = new Set<string>();
  const seen = new Set<number>();
  for (let reads = 0; reads < READS_MAX && keyIds.size < items && seen.size < pieces; reads += 1) {
    const segment = Math.floor(ctx.random() * pieces);
    if (seen.has(segment)) continue;
    seen.add(segment);
    const page = await scan(ctx, work, { ...ask, segment, totalSegments: pieces, limit: PIECE_PAGE_ITEMS });
    if (page === null) return null;
    const there = page.items.map((item) => item.keyId);
    for (const keyId of drawn(ctx, there, PIECE_ITEMS)) keyIds.add(keyId);
  }
  return drawn(ctx, [...keyIds], items);
}

/** So many of a list, each as likely as the other (Fisher and Yates). */
function drawn(ctx: WorkerContext, from: readonly string[], most: number): string[] {
  const list = [...from];
  const size = Math.min(most, list.length);
  for (let at = 0; at < size; at += 1) {
    const other = at + Math.floor(ctx.random() * (list.length - at));
    [list[at], list[other]] = [list[other] as string, list[at] as string];
  }
  return list.slice(0, size);
}

async function wholeTable(
  ctx: WorkerContext,
  work: Work,
  ask: Pick<Sides, 'table' | 'source'>,
): Promise<{ keyIds: string[]; isWhole: boolean } | null> {
  const keyIds: string[] = [];
  let cursor: WireItem | null = null;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page: SlicedPage | null = await scan(ctx, work, { ...ask, cursor, limit: PAGE_ITEMS });
    if (page === null) return null;
    for (const { keyId } of page.items) keyIds.push(keyId);
    cursor = page.cursor;
    if (cursor === null) return { keyIds, isWhole: true };
  }
  return { keyIds, isWhole: false };
}

interface Asked extends Pick<Sides, 'table' | 'source'> {
  limit: number;
  cursor?: WireItem | null;
  segment?: number;
  totalSegments?: number;
}

async function scan(ctx: WorkerContext, work: Work, ask: Asked): Promise<SlicedPage | null> {
  const { table, source, limit, cursor, segment, totalSegments } = ask;
  const request = {
    ...{ table: table.tableName, limit, cursor, segment, totalSegments },
    projection: keysOf(table),
    places: keyPlacesOf(table.schema, table.ttlAttribute),
  };
  const answer = await askPatiently(ctx, work, {
    store: source,
    cost: { requests: 1, items: limit },
    send: () => scanSlices(source.wire, request, { timeoutMs: work.timeoutMs }),
  });
  if (answer?.kind !== 'ok') {
    if (answer) work.fault ??= { sentence: `${source.pace.name} did not answer a scan.`, isLasting: false };
    return null;
  }
  source.pace.charge(answer.value.consumedUnits);
  source.pace.giveBack(limit - answer.value.items.length);
  return answer.value;
}
