import { describe, expect, it } from 'vitest';
import { filtersMapped } from './mapped-names';

const mappings = [
  { attribute: 'created', kind: 'epoch_seconds' as const },
  { attribute: 'a.b', kind: 'epoch_seconds' as const },
];

describe('a filter by a mapped attribute', () => {
  it.each([
    { FilterExpression: 'created > :then' },
    { FilterExpression: 'size(created)>:n' },
    { FilterExpression: 'x = :x AND NOT (#c BETWEEN :a AND :b)', ExpressionAttributeNames: { '#c': 'created' } },
    { FilterExpression: '#c>:a', ExpressionAttributeNames: { '#c': 'a.b' } },
    { FilterExpression: 'created.x = :a' },
    { KeyConditionExpression: 'pk = :p AND created > :then' },
    { QueryFilter: { created: { ComparisonOperator: 'NOT_NULL' } } },
    { ScanFilter: { created: {} } },
    { KeyConditions: { created: {} } },
  ])('is seen: %j', (input) => expect(filtersMapped(input, mappings)).toBe(true));

  it.each([
    {},
    { FilterExpression: 'createdAt > :created' },
    { FilterExpression: 'pk = :x', ProjectionExpression: 'created' },
    {
      ...{ FilterExpression: '#p = :x', ProjectionExpression: '#c' },
      ExpressionAttributeNames: { '#p': 'x', '#c': 'created' },
    },
    { FilterExpression: 7 },
    { QueryFilter: null, AttributesToGet: ['created'] },
  ])('is none: %j', (input) => expect(filtersMapped(input, mappings)).toBe(false));

  it('is none where nothing is mapped', () =>
    expect(filtersMapped({ FilterExpression: 'created > :then' }, [])).toBe(false));
});
