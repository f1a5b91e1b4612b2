import type { KeySchema } from '../item/item';
import { MAPPING_KINDS, type Mappings } from './mapping';

export const MAPPINGS_MAX = 50;
export const ATTRIBUTE_NAME_CHARS_MAX = 255;

/** How each kind is called, and what it makes of one value. */
export const MAPPING_WORDS: Record<Mappings[number]['kind'], { label: string; from: string; to: string }> = {
  epoch_seconds: { label: 'seconds since 1970 → ISO 8601', from: '1700000000', to: '2023-11-14T22:13:20Z' },
  epoch_milliseconds: {
    label: 'milliseconds since 1970 → ISO 8601',
    from: '1700000000000',
    to: '2023-11-14T22:13:20.000Z',
  },
};

/** What of a table decides which attributes may be mapped. */
export interface MappingGround {
  key: KeySchema;
  ttlAttribute: string | null;
  /** Key attributes of secondary indexes, with the index where it is known. */
  indexKeys: readonly { attribute: string; index: string | null }[];
}

/** Why an attribute may not be mapped; null: it may. */
export function reservedBecause(attribute: string, ground: MappingGround): string | null {
  const { key, ttlAttribute, indexKeys } = ground;
  if (attribute === key.partition.name || attribute === key.sort?.name)
    return `${attribute} is part of the table's key, which is the same on both sides: another form would be another item.`;
  if (attribute === ttlAttribute)
    return `${attribute} is the TTL attribute: it must stay a number, or nothing expires by it any more.`;
  const index = indexKeys.find((one) => one.attribute === attribute);
  if (index === undefined) return null;
  const where = index.index === null ? 'a secondary index' : `the index ${index.index}`;
  return `${attribute} is a key of ${where}, which only takes the type that it was declared with.`;
}

/** What is wrong with a list of mappings, by field (`mappings.<at>.attribute`); empty where nothing is. */
export function mappingFaults(mappings: Mappings, ground: MappingGround): Record<string, string> {
  const faults: Record<string, string> = {};
  if (mappings.length > MAPPINGS_MAX) faults.mappings = `At most ${MAPPINGS_MAX} attributes of a table are mapped.`;
  const seen = new Set<string>();
  for (const [at, { attribute, kind }] of mappings.entries()) {
    const field = `mappings.${at}.attribute`;
    const reserved = reservedBecause(attribute, ground);
    if (attribute === '') faults[field] = 'Say which attribute.';
    else if (attribute.length > ATTRIBUTE_NAME_CHARS_MAX)
      faults[field] = `The name of an attribute has at most ${ATTRIBUTE_NAME_CHARS_MAX} characters here.`;
    else if (seen.has(attribute)) faults[field] = `${attribute} is in the list already; an attribute has one mapping.`;
    else if (reserved !== null) faults[field] = reserved;
    if (!MAPPING_KINDS.includes(kind)) faults[`mappings.${at}.kind`] = `Choose one of ${MAPPING_KINDS.join(', ')}.`;
    seen.add(attribute);
  }
  return faults;
}

/** The mappings in words: `created (seconds since 1970 → ISO 8601)`. */
export const sayMappings = (mappings: Mappings): string =>
  mappings.map(({ attribute, kind }) => `${attribute} (${MAPPING_WORDS[kind].label})`).join(', ');

/** Says at two images side by side that both are shown in the form of one side; null where nothing is mapped. */
export function formNote(mappings: Mappings, form: 'source' | 'target'): string | null {
  if (mappings.length === 0) return null;
  const names = sayMappings(mappings);
  return form === 'target'
    ? `Mapped: ${names}. The item of DynamoDB is shown in the form that it has on TerraScale, because there it is compared.`
    : `Mapped: ${names}. The item of TerraScale is shown as the gateway gives it to the application.`;
}
