import { type AttributeValue, typeOf, type WireItem } from '../item/item';
import { instantMsOf, MAPPING_KINDS, type MappingKind } from './mapping';

/** An attribute whose every sampled value could be an epoch number. Evidence only: nothing is mapped by itself. */
export interface EpochCandidate {
  attribute: string;
  kind: MappingKind;
  /** Sampled items that have it. */
  samples: number;
  /** Earliest and latest of them, in milliseconds since 1970. */
  minMs: number;
  maxMs: number;
}

/** From 2001, when seconds get their tenth digit, to 2100: no number of seconds is one of milliseconds too. */
const LIKELY_MS_MIN = Date.UTC(2001, 0, 1);
const LIKELY_MS_MAX = Date.UTC(2100, 0, 1);
const CANDIDATES_MAX = 50;
const NAMES_MAX = 5_000;

/** Attributes of which every value in the sample is an epoch number of the years 2001 to 2100, by name. */
export function epochCandidates(items: readonly WireItem[]): EpochCandidate[] {
  const found = new Map<string, EpochCandidate | null>();
  for (const item of items) {
    for (const attribute of Object.keys(item)) {
      const known = found.get(attribute);
      if (known === null || (known === undefined && found.size >= NAMES_MAX)) continue;
      found.set(attribute, joined(known, attribute, item[attribute] as AttributeValue));
    }
  }
  const candidates = [...found.values()].filter((one) => one !== null);
  return candidates.sort((a, b) => (a.attribute < b.attribute ? -1 : 1)).slice(0, CANDIDATES_MAX);
}

function joined(known: EpochCandidate | undefined, attribute: string, value: AttributeValue): EpochCandidate | null {
  if (typeOf(value) !== 'N' || typeof value.N !== 'string') return null;
  for (const kind of known === undefined ? MAPPING_KINDS : [known.kind]) {
    const ms = instantMsOf(value.N, kind);
    if (ms === null || ms < LIKELY_MS_MIN || ms >= LIKELY_MS_MAX) continue;
    if (known === undefined) return { attribute, kind, samples: 1, minMs: ms, maxMs: ms };
    return {
      ...known,
      samples: known.samples + 1,
      minMs: Math.min(known.minMs, ms),
      maxMs: Math.max(known.maxMs, ms),
    };
  }
  return null;
}
