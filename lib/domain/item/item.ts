/** One DynamoDB AttributeValue as it stands on the wire, e.g. `{ S: 'x' }`; numbers stay decimal strings. */
export type AttributeValue = { [type: string]: unknown };
/** An item as on the wire. Made by JSON.parse, so an attribute named `__proto__` is an own property: copy with care. */
export type WireItem = { [attribute: string]: AttributeValue };

export interface KeyAttribute {
  name: string;
  type: 'S' | 'N' | 'B';
}
export interface KeySchema {
  partition: KeyAttribute;
  sort: KeyAttribute | null;
}

/** The ten types of the protocol. A value of any other type is carried and compared as it stands, never dropped. */
export const ATTRIBUTE_TYPES = ['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS'] as const;
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

/** Levels of L and M that DynamoDB accepts, with room; deeper values are compared as opaque JSON. */
export const ITEM_DEPTH_MAX = 64;
export const ITEM_BYTES_MAX = 409_600;

/** The own attribute, or undefined: `item['constructor']` would find the prototype's. */
export function attributeOf(item: WireItem, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}

/** Sets an own attribute whatever its name: plain assignment to `__proto__` would set the prototype and lose the value. */
export function setAttribute(item: WireItem, name: string, value: AttributeValue): void {
  Object.defineProperty(item, name, { value, enumerable: true, writable: true, configurable: true });
}

/** The type of a value, or null where it does not carry exactly one type. */
export function typeOf(value: AttributeValue): string | null {
  const names = Object.keys(value);
  return names.length === 1 ? (names[0] as string) : null;
}
