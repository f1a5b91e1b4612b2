import { ATTRIBUTE_TYPES, type AttributeValue, ITEM_BYTES_MAX, typeOf, type WireItem } from '../item/item';
import { isPlainJson } from '../item/json-data';
import { itemBytes } from '../item/size';
import { type EpochCandidate, epochCandidates } from '../mapping/detect';
import { isReservedWord } from './reserved-words';

/** What a sample of items says about a table. Names of attributes are kept; of values only the bounds of epoch numbers. */
export interface Sample {
  items: number;
  bytesTotal: number;
  bytesMax: number;
  /** Types seen at the top level, with how many items have them. */
  types: Record<string, number>;
  reservedNames: string[];
  /** Names that only a careful reader keeps: `__proto__`, `constructor` … */
  perilousNames: string[];
  unknownTypes: string[];
  /** Names with values that JSON has no word for, and so stand tagged behind a REST target. */
  taggedNames: string[];
  /** Attributes of which every sampled value may be an epoch number. */
  epochs: EpochCandidate[];
  isWhole: boolean;
}

const NAMES_MAX = 50;
/** Above this an item comes near the 400 KB limit: an update may be refused by one store and not by the other. */
export const LARGE_ITEM_BYTES = Math.floor(ITEM_BYTES_MAX * 0.9);
const PERILOUS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString']);
const KNOWN_TYPES: ReadonlySet<string> = new Set(ATTRIBUTE_TYPES);

export function sampleOf(items: readonly WireItem[], isWhole: boolean): Sample {
  const types = new Map<string, number>();
  const [reserved, perilous, unknown] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const tagged = new Set<string>();
  let [bytesTotal, bytesMax] = [0, 0];
  for (const item of items) {
    const bytes = itemBytes(item);
    bytesTotal += bytes;
    bytesMax = Math.max(bytesMax, bytes);
    const seen = new Set<string>();
    for (const name of Object.keys(item)) {
      const type = typeOf(item[name] as AttributeValue) ?? 'unreadable';
      seen.add(type);
      if (!KNOWN_TYPES.has(type)) unknown.add(type);
      if (isReservedWord(name)) reserved.add(name);
      if (PERILOUS.has(name)) perilous.add(name);
      if (!tagged.has(name) && !isPlainJson(item[name] as AttributeValue)) tagged.add(name);
    }
    for (const type of seen) types.set(type, (types.get(type) ?? 0) + 1);
  }
  const some = (names: ReadonlySet<string>): string[] => [...names].sort().slice(0, NAMES_MAX);
  return {
    items: items.length,
    bytesTotal,
    bytesMax,
    types: Object.fromEntries([...types].sort(([a], [b]) => (a < b ? -1 : 1))),
    reservedNames: some(reserved),
    perilousNames: some(perilous),
    unknownTypes: some(unknown),
    taggedNames: some(tagged),
    epochs: epochCandidates(items),
    isWhole,
  };
}
