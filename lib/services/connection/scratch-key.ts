import type { AttributeValue, KeyAttribute, KeySchema, WireItem } from '@/lib/adapters/ports';
import { setAttribute } from '@/lib/domain/item/item';

/** Sort values in the order in which a store must return them: neither the order of text nor the one they are written in. */
export const SORT_LADDER = {
  S: ['A', 'B10', 'B9', 'a', 'é', 'ﬀ', '😀'],
  N: ['-10', '-9.5', '0.001', '2', '10'],
  B: ['AA==', 'AQ==', 'fw==', 'gA==', '/w=='],
} as const;

/**
 * A key of the table's own shape that no application has: `landfall-probe-…` as text, a number far below any that is
 * used, or the same text as bytes. `step` chooses the sort value.
 */
export function scratchKey(schema: KeySchema, of: { random: string; step: number }): WireItem {
  const key: WireItem = {};
  setAttribute(key, schema.partition.name, partitionValue(schema.partition, of.random));
  if (schema.sort) setAttribute(key, schema.sort.name, sortValue(schema.sort, of.step));
  return key;
}

function partitionValue({ type }: KeyAttribute, random: string): AttributeValue {
  const text = `landfall-probe-${random}`;
  if (type === 'S') return { S: text };
  if (type === 'B') return { B: Buffer.from(text, 'utf8').toString('base64') };
  return {
    N: `-9.8${BigInt(`0x${hexOf(random)}`)
      .toString()
      .slice(0, 24)}e124`,
  };
}

const hexOf = (random: string): string => Buffer.from(random, 'utf8').toString('hex').slice(0, 24) || '0';

export function sortValue({ type }: KeyAttribute, step: number): AttributeValue {
  const ladder = SORT_LADDER[type];
  return { [type]: ladder[step % ladder.length]! };
}
