/**
 * The partition key value of a Query, from KeyConditionExpression or the legacy KeyConditions. Only as much of the
 * grammar as that needs; whatever is not understood is undecidable, and an undecidable Query stays with the authority.
 */
import { type AttributeValue, attributeOf, type KeySchema, type WireItem } from '@/lib/domain/item/item';
import { unitOfValue } from '@/lib/domain/item/key';
import { isJson, type Json, member } from './parse';

/** Typed partition key (`S#…`), or null where it cannot be told. */
export function partitionOf(input: Json, schema: KeySchema): string | null {
  const value = legacyValue(input, schema) ?? expressionValue(input, schema);
  if (value === null) return null;
  const unit = unitOfValue(value, schema.partition);
  return unit.ok ? unit.value : null;
}

function legacyValue(input: Json, schema: KeySchema): AttributeValue | null {
  const conditions = member(input, 'KeyConditions');
  const condition = isJson(conditions) ? member(conditions, schema.partition.name) : undefined;
  if (!isJson(condition) || condition.ComparisonOperator !== 'EQ') return null;
  const list = condition.AttributeValueList;
  return Array.isArray(list) && list.length === 1 && isJson(list[0]) ? (list[0] as AttributeValue) : null;
}

const TOKEN = /\s*(:[A-Za-z0-9_]+|#[A-Za-z0-9_]+|[A-Za-z_][A-Za-z0-9_]*|<=|>=|[=<>(),])/y;

/** Words of an expression; null where a character belongs to none. */
function tokens(text: string): string[] | null {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) return text.slice(at).trim() === '' ? found : null;
    found.push(match[1] as string);
  }
  return found;
}

function expressionValue(input: Json, schema: KeySchema): AttributeValue | null {
  const text = member(input, 'KeyConditionExpression');
  if (typeof text !== 'string') return null;
  const words = tokens(text);
  if (words === null) return null;
  const names = member(input, 'ExpressionAttributeNames');
  const values = member(input, 'ExpressionAttributeValues');
  if (!isJson(values)) return null;
  const nameOf = (word: string): unknown => (word.startsWith('#') ? isJson(names) && member(names, word) : word);
  const found = new Set<string>();
  for (const [at, word] of words.entries()) {
    if (word !== '=') continue;
    const before = words[at - 1] ?? '';
    const after = words[at + 1] ?? '';
    // The grammar has an equality of name and value in either order.
    const [name, value] = before.startsWith(':') ? [after, before] : [before, after];
    if (value.startsWith(':') && nameOf(name) === schema.partition.name) found.add(value);
  }
  if (found.size !== 1) return null;
  return attributeOf(values as WireItem, [...found][0] as string) ?? null;
}
