import { type ExpiryRule, isExpired } from '@/lib/domain/item/expiry';
import { itemBytes } from '@/lib/domain/item/size';
import { type Cut, type ItemCuts, STRIDE } from './cut-items';
import { ItemImage } from './item-image';
import { type KeyPlaces, keyIdAt, placeOf, valueAt } from './item-key';

/** An item of an answer: its key, its bytes, and where its TTL attribute stands. */
export class SlicedItem {
  constructor(
    readonly keyId: string,
    readonly image: ItemImage,
    private readonly expiry: Cut | null,
  ) {}

  /** As `isExpired` of the decoded item; the rule's attribute is the one that the item was cut with. */
  isExpired(rule: ExpiryRule, nowMs: number): boolean {
    if (this.expiry === null || rule.attribute === null) return false;
    return isExpired(valueAt(this.image.body, this.expiry, rule.attribute), rule, nowMs);
  }
}

/** Cut items with their keys, or null where one has no key of the table. */
export function sliceItems(body: Buffer, cuts: ItemCuts, places: KeyPlaces): SlicedItem[] | null {
  const { offsets, count } = cuts;
  const items = new Array<SlicedItem>(count);
  for (let at = 0; at < count; at += 1) {
    const id = keyIdAt(body, { offsets, at }, places);
    if (id === null) return null;
    const first = at * STRIDE;
    const image = new ItemImage(body, offsets[first] as number, offsets[first + 1] as number);
    items[at] = new SlicedItem(id, image, places.ttl === -1 ? null : placeOf(offsets, first, places.ttl));
  }
  return items;
}

/** Items that are measured; measuring one decodes it and costs 25 µs. */
const MEASURED_MAX = 4;

/** Bytes of items by DynamoDB's rule: exact up to `MEASURED_MAX` items, else estimated from as many of them. */
export function bytesOfItems(items: readonly SlicedItem[]): number {
  const step = Math.max(1, Math.ceil(items.length / MEASURED_MAX));
  let measured = 0;
  let measuredOnWire = 0;
  let onWire = 0;
  for (let at = 0; at < items.length; at += 1) {
    const { image } = items[at] as SlicedItem;
    onWire += image.bytesLength;
    if (at % step !== 0) continue;
    measured += itemBytes(image.item);
    measuredOnWire += image.bytesLength;
  }
  return onWire === 0 ? 0 : Math.round((measured * onWire) / measuredOnWire);
}
