/**
 * An item as its JSON in UTF-8: cut out of an answer, or written once from a decoded item (a mapping, a target that
 * does not speak DynamoDB JSON). Whoever passes it on copies its bytes; whoever must look inside asks for `item`.
 */
import { canonicalItem } from '@/lib/domain/item/canonical';
import { equal, equalValue } from '@/lib/domain/item/compare';
import type { AttributeValue, WireItem } from '@/lib/domain/item/item';
import { sameAttributes } from './compare-bytes';

export class ItemImage {
  #item: WireItem | null = null;

  /** The bytes from `start` to `end` of `body`, which nobody changes afterwards. */
  constructor(
    readonly body: Buffer,
    readonly start: number,
    readonly end: number,
  ) {}

  static of(item: WireItem): ItemImage {
    const body = Buffer.from(JSON.stringify(item));
    const image = new ItemImage(body, 0, body.length);
    image.#item = item;
    return image;
  }

  get bytesLength(): number {
    return this.end - this.start;
  }

  /** Decoded on first use and kept. */
  get item(): WireItem {
    this.#item ??= JSON.parse(this.text) as WireItem;
    return this.#item;
  }

  get text(): string {
    return this.body.toString('utf8', this.start, this.end);
  }

  /** Copies the bytes into `to` and returns the place behind them. */
  copyTo(to: Buffer, at: number): number {
    return at + this.body.copy(to, at, this.start, this.end);
  }
}

/**
 * Whether two images, or two absences, are the same item. Equal bytes are equal items (0.3 µs); where they differ,
 * attributes are compared one by one as bytes and only values that differ are decoded (10 µs, against 35 for decoding
 * both), because stores give attributes, sets and numbers in orders and spellings of their own.
 */
export function sameImage(first: ItemImage | null, second: ItemImage | null): boolean {
  if (first === second) return true;
  if (first === null || second === null) return false;
  if (first.bytesLength === second.bytesLength) {
    if (first.body.compare(second.body, second.start, second.end, first.start, first.end) === 0) return true;
  }
  return sameAttributes(first, second, isSameValue) ?? equal(first.item, second.item);
}

const isSameValue = (first: string, second: string): boolean =>
  equalValue(JSON.parse(first) as AttributeValue, JSON.parse(second) as AttributeValue);

/** Canonical text of an image or of its absence: "the image read at that time". */
export const canonicalOf = (image: ItemImage | null): string => (image === null ? 'absent' : canonicalItem(image.item));
