import { createHash } from 'node:crypto';
import type { AttributeValue, KeyAttribute, KeySchema, WireItem } from '@/lib/adapters/ports';
import { setAttribute } from '@/lib/domain/item/item';

/** Sort values in the order in which a store must return them: neither the order of text nor the one they are written in. */
export const SORT_LADDER = {
  S: ['A', 'B10', 'B9', 'a', 'é', 'ﬀ', '😀'],
  N: ['-10', '-9.5', '0.001', '2', '10'],
  B: ['AA==', 'AQ==', 'fw==', 'gA==', '/w=='],
} as const;

/** How each partition key of a probe begins, as text or as the bytes of that text. */
export const SCRATCH_PREFIX = 'landfall-probe-';
/** Digits of a number's partition that chance decides; with two in front of them 38 are never passed. */
const NUMBER_DIGITS = 36;

/**
 * A key of the table's own shape that no application has: `landfall-probe-…` as text, a number far below any that is
 * used, or the same text as bytes. `step` chooses the sort value.
 */
export function scratchKey(schema: KeySchema, of: { random: string; step: number }): WireItem {
  return scratchKeyWith(schema, { ...of, sort: schema.sort ? sortValue(schema.sort, of.step) : null });
}

/** The same with a sort value of the caller's; `bytes` fills a partition key of text or bytes up to so many. */
export function scratchKeyWith(
  schema: KeySchema,
  of: { random: string; sort: AttributeValue | null; bytes?: number },
): WireItem {
  const key: WireItem = {};
  setAttribute(key, schema.partition.name, partitionValue(schema.partition, of));
  if (schema.sort) setAttribute(key, schema.sort.name, of.sort ?? sortValue(schema.sort, 0));
  return key;
}

function partitionValue({ type }: KeyAttribute, of: { random: string; bytes?: number }): AttributeValue {
  const text = `${SCRATCH_PREFIX}${of.random}`.padEnd(of.bytes ?? 0, '-');
  if (type === 'S') return { S: text };
  if (type === 'B') return { B: Buffer.from(text, 'utf8').toString('base64') };
  const digits = BigInt(`0x${createHash('sha256').update(of.random).digest('hex')}`).toString();
  // Never a zero at the end: spelt as they stand all have 38 digits.
  return { N: `-9.8${digits.slice(0, NUMBER_DIGITS - 1)}1e124` };
}

export function sortValue({ type }: KeyAttribute, step: number): AttributeValue {
  const ladder = SORT_LADDER[type];
  return { [type]: ladder[step % ladder.length]! };
}
