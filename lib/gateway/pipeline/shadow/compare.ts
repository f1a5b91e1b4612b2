/** What a shadow read compares: items by key, whatever the order of sets, the spelling of numbers or the page's bounds. */
import { equal } from '@/lib/domain/item/compare';
import { isExpired } from '@/lib/domain/item/expiry';
import type { KeySchema, WireItem } from '@/lib/domain/item/item';
import { keyId } from '@/lib/domain/item/key';

/** An item that one answer had: as it came, which may be a projection. Null: the answer says that there is none. */
export type Found = ReadonlyMap<string, WireItem | null>;

export interface FirstLook {
  /** Items that both answers speak of, or that one of them lacks. */
  compared: number;
  /** Differences that an item's expiry explains: each store deletes it when it pleases (PROTOCOL C4). */
  expired: number;
  /** Key ids that differ at first sight. */
  suspects: string[];
}

/**
 * Compares two answers to the same read. A key that only one page has may lie beyond the other's end; it is a suspect like
 * any other, and the recheck, which reads single keys, tells.
 */
export function firstLook(first: Found, second: Found, at: { ttlAttribute: string | null; nowMs: number }): FirstLook {
  const look: FirstLook = { compared: 0, expired: 0, suspects: [] };
  for (const id of new Set([...first.keys(), ...second.keys()])) {
    const [a, b] = [first.get(id) ?? null, second.get(id) ?? null];
    look.compared += 1;
    if (equal(a, b)) continue;
    if (isPastExpiry(a, at) || isPastExpiry(b, at)) look.expired += 1;
    else look.suspects.push(id);
  }
  return look;
}

/** Without the tolerance that a deletion needs: here an expired item is only left out of the count. */
export const isPastExpiry = (item: WireItem | null, at: { ttlAttribute: string | null; nowMs: number }): boolean =>
  item !== null && isExpired(item, { attribute: at.ttlAttribute, toleranceMs: 0 }, at.nowMs);

/** Items by key id; null where one does not carry its key, as a projection may leave it out. */
export function byKeyId(items: readonly unknown[], schema: KeySchema): Map<string, WireItem> | null {
  const found = new Map<string, WireItem>();
  for (const item of items) {
    if (typeof item !== 'object' || item === null) return null;
    const id = keyId(item as WireItem, schema);
    if (!id.ok) return null;
    found.set(id.value, item as WireItem);
  }
  return found;
}
