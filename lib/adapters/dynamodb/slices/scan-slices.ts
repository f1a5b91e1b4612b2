/** A page of a scan whose items stay bytes (PROTOCOL C2: consistent unless asked otherwise). */
import { type ExpiryRule, isExpired } from '@/lib/domain/item/expiry';
import { itemBytes } from '@/lib/domain/item/size';
import type { StoreWire, WireItem } from '../../ports';
import { type Answer, isJson, undecodable } from '../call';
import { type ReadOptions, type ScanRequest, scanInput, unitsOf } from '../items';
import { callForBytes } from './call-bytes';
import { type Cut, type CutAnswer, cutItems, STRIDE } from './cut-items';
import { ItemImage } from './item-image';
import { type KeyPlaces, keyIdAt, placeOf, valueAt } from './item-key';

/** Items of a page that are measured; the page's bytes are their sum scaled to all of it. Measuring one costs 25 µs. */
const SIZED_ITEMS_A_PAGE = 8;

export interface SlicedItem {
  keyId: string;
  image: ItemImage;
}

export class SlicedPage {
  constructor(
    readonly body: Buffer,
    readonly count: number,
    private readonly offsets: Uint32Array,
    private readonly places: KeyPlaces,
    /** Where the next page begins, or null at the end. An empty page may have one, a full one may have none. */
    readonly cursor: WireItem | null,
    /** Read units, or null where the store does not count them. */
    readonly consumedUnits: number | null,
    private readonly keyIds: readonly string[],
  ) {}

  /** The items that are not past their expiry at `nowMs` (PROTOCOL C4); `rule` null takes all of them. */
  living(rule: ExpiryRule | null, nowMs: number): SlicedItem[] {
    const living: SlicedItem[] = [];
    for (let at = 0; at < this.count; at += 1) {
      if (rule !== null && this.#isExpired(at, rule, nowMs)) continue;
      living.push({ keyId: this.keyIds[at] as string, image: this.image(at) });
    }
    return living;
  }

  image(at: number): ItemImage {
    const first = at * STRIDE;
    return new ItemImage(this.body, this.offsets[first] as number, this.offsets[first + 1] as number);
  }

  #isExpired(at: number, rule: ExpiryRule, nowMs: number): boolean {
    const { ttl } = this.places;
    const place = ttl === -1 ? null : placeOf(this.offsets, at * STRIDE, ttl);
    return place !== null && isExpired(valueAt(this.body, place, rule.attribute as string), rule, nowMs);
  }

  /** Bytes of the items by DynamoDB's rule: exact up to `SIZED_ITEMS_A_PAGE` items, else an estimate from as many. */
  itemsBytes(): number {
    const step = Math.max(1, Math.floor(this.count / SIZED_ITEMS_A_PAGE));
    let measured = 0;
    let onWire = 0;
    let allOnWire = 0;
    for (let at = 0; at < this.count; at += 1) {
      const first = at * STRIDE;
      const bytes = (this.offsets[first + 1] as number) - (this.offsets[first] as number);
      allOnWire += bytes;
      if (at % step !== 0) continue;
      measured += itemBytes(this.image(at).item);
      onWire += bytes;
    }
    return onWire === 0 ? 0 : Math.round((measured * allOnWire) / onWire);
  }
}

/** One page. An answer that cannot be read whole, or an item without the table's key, is `undecodable`, never a shorter page. */
export async function scanSlices(
  wire: StoreWire,
  request: ScanRequest & { places: KeyPlaces },
  options: ReadOptions = {},
): Promise<Answer<SlicedPage>> {
  const { isConsistent = true, ...rest } = options;
  const input = scanInput(request, isConsistent);
  const answer = await callForBytes(wire, { operation: 'Scan', body: Buffer.from(JSON.stringify(input)) }, rest);
  if (answer.kind !== 'ok') return answer;
  const page = readPage(answer.value, request.places);
  return page === null ? undecodable('Scan') : { kind: 'ok', value: page };
}

/** The page in a body, or null where it is none. */
export function readPage(body: Buffer, places: KeyPlaces): SlicedPage | null {
  const cut = cutItems(body, { member: 'Items' }, places.wanted);
  if (cut === null) return null;
  const { items } = cut;
  const cursor = memberOf(body, cut, 'LastEvaluatedKey');
  if (cursor !== undefined && !isJson(cursor)) return null;
  const count = memberOf(body, cut, 'Count');
  // Where the store says how many items it sent, fewer in the list is a truncated answer.
  if (typeof count === 'number' && count !== items.count) return null;
  const { offsets } = items;
  const keyIds = new Array<string>(items.count);
  for (let at = 0; at < items.count; at += 1) {
    const id = keyIdAt(body, { offsets, at }, places);
    if (id === null) return null;
    keyIds[at] = id;
  }
  const units = unitsOf(memberOf(body, cut, 'ConsumedCapacity'));
  const next = (cursor as WireItem | undefined) ?? null;
  return new SlicedPage(body, items.count, offsets, places, next, units, keyIds);
}

/** A member of an answer that is small: everything but its items. */
export function memberOf(body: Buffer, answer: CutAnswer, name: string): unknown {
  const cut: Cut | undefined = answer.members.get(name);
  return cut === undefined ? undefined : JSON.parse(body.toString('utf8', cut[0], cut[1]));
}
