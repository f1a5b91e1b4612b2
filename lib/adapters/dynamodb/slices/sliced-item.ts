import { type ExpiryRule, isExpired } from '@/lib/domain/item/expiry';
import { itemBytes } from '@/lib/domain/item/size';
import { type Cut, type ItemCuts, STRIDE } from './cut-items';
import { ItemImage } from './item-image';
import { type KeyPlaces, keyHashAt, keyIdAt, placeOf, valueAt } from './item-key';

/** What is known of an item beside its bytes. */
interface Known {
  keyId: string;
  /** See `keyHashAt`. */
  keyHash: number;
  expiry: Cut | null;
}

/** An item of an answer: its bytes, its key, and where its TTL attribute stands. */
export class SlicedItem extends ItemImage {
  readonly keyId: string;
  readonly keyHash: number;
  readonly #expiry: Cut | null;

  constructor(body: Buffer, [start, end]: Cut, { keyId, keyHash, expiry }: Known) {
    super(body, start, end);
    this.keyId = keyId;
    this.keyHash = keyHash;
    this.#expiry = expiry;
  }

  /** It is an image itself, so that a page of thousands needs no second object for each. */
  get image(): ItemImage {
    return this;
  }

  /** As `isExpired` of the decoded item; the rule's attribute is the one that the item was cut with. */
  isExpired(rule: ExpiryRule, nowMs: number): boolean {
    if (this.#expiry === null || rule.attribute === null) return false;
    return isExpired(valueAt(this.body, this.#expiry, rule.attribute), rule, nowMs);
  }
}

/** Cut items with their keys, or null where one has no key of the table. */
export function sliceItems(body: Buffer, cuts: ItemCuts, places: KeyPlaces): SlicedItem[] | null {
  const items = new Array<SlicedItem>(cuts.count);
  for (let at = 0; at < cuts.count; at += 1) {
    const item = sliceItem(body, { offsets: cuts.offsets, at }, places);
    if (item === null) return null;
    items[at] = item;
  }
  return items;
}

/** The `at`th of them, or null where it has no key of the table. */
export function sliceItem(
  body: Buffer,
  cut: { offsets: Uint32Array; at: number },
  places: KeyPlaces,
): SlicedItem | null {
  const keyId = keyIdAt(body, cut, places);
  if (keyId === null) return null;
  const first = cut.at * STRIDE;
  const place: Cut = [cut.offsets[first] as number, cut.offsets[first + 1] as number];
  const expiry = places.ttl === -1 ? null : placeOf(cut.offsets, first, places.ttl);
  return new SlicedItem(body, place, { keyId, keyHash: keyHashAt(body, cut, places), expiry });
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
