import { describe, expect, it } from 'vitest';
import type { KeySchema } from '@/lib/domain/item/item';
import { partitionOf } from './key-condition';

const schema: KeySchema = { partition: { name: 'pk', type: 'S' }, sort: { name: 'sk', type: 'N' } };
const values = { ':p': { S: 'a' }, ':q': { S: 'b' }, ':n': { N: '1' } };
const of = (KeyConditionExpression: string, names?: object) =>
  partitionOf({ KeyConditionExpression, ExpressionAttributeValues: values, ExpressionAttributeNames: names }, schema);

describe('the partition of a Query', () => {
  it('is found in every spelling of the equality', () => {
    for (const text of ['pk = :p', ' pk=:p ', ':p = pk', '(pk = :p)', 'pk = :p AND sk > :n', 'sk = :n AND (pk = :p)'])
      expect(of(text), text).toBe('S#a');
    expect(of('#k = :p and #s between :n and :n', { '#k': 'pk', '#s': 'sk' })).toBe('S#a');
    expect(of('pk = :p AND begins_with(sk, :n)')).toBe('S#a');
  });

  it('is undecidable where anything else is said', () => {
    for (const text of ['sk = :n', 'pk > :p', 'pk = :p AND pk = :q', 'pk = :none', 'pk = :n', 'pk ~ :p', ''])
      expect(of(text), text).toBeNull();
    expect(of('#k = :p', { '#k': 'other' })).toBeNull();
    expect(partitionOf({}, schema)).toBeNull();
  });

  it('is read from the legacy conditions too', () => {
    const legacy = (ComparisonOperator: string) =>
      partitionOf({ KeyConditions: { pk: { ComparisonOperator, AttributeValueList: [{ S: 'a' }] } } }, schema);
    expect(legacy('EQ')).toBe('S#a');
    expect(legacy('GT')).toBeNull();
  });
});
