/**
 * Whether a Query or a Scan filters by a mapped attribute: its condition means the source's form, so the source answers it.
 * What is only returned (ProjectionExpression) is turned back in the answer and needs no pin. More is taken for named than
 * is (`a.created` for `created`), never less.
 */
import type { Mappings } from '@/lib/domain/mapping/mapping';
import { isJson, type Json, member } from './parse';

const EXPRESSIONS = ['KeyConditionExpression', 'FilterExpression'] as const;
/** The fields of before there were expressions: objects by attribute. */
const LEGACY = ['KeyConditions', 'QueryFilter', 'ScanFilter'] as const;
const WORD = /[#:]?[A-Za-z0-9_]+/g;

export function filtersMapped(input: Json, mappings: Mappings): boolean {
  if (mappings.length === 0) return false;
  const isMapped = (name: unknown): boolean => mappings.some(({ attribute }) => attribute === name);
  for (const field of LEGACY) {
    const filter = member(input, field);
    if (isJson(filter) && Object.keys(filter).some(isMapped)) return true;
  }
  const names = member(input, 'ExpressionAttributeNames');
  for (const field of EXPRESSIONS) {
    const text = member(input, field);
    for (const [word] of typeof text === 'string' ? text.matchAll(WORD) : []) {
      if (isMapped(word.startsWith('#') && isJson(names) ? member(names, word) : word)) return true;
    }
  }
  return false;
}
