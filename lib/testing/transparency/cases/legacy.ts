/** Parameters of before expressions: Expected, AttributeUpdates, KeyConditions, filters, AttributesToGet. */
import { type Case, c, del, get, K, put, query, R, scan, update } from '../case';

const N = (n: number | string) => ({ N: String(n) });
const S = (s: string) => ({ S: s });
const FULL = { ...K, n: N(5), s: S('text'), ss: { SS: ['a', 'b'] } };

/** Operator, operands, and the attribute that it is held against. */
const OPERATORS: [string, unknown[] | null, string][] = [
  ['EQ', [N('5.0')], 'n'],
  ['NE', [N(5)], 'n'],
  ['LE', [N(5)], 'n'],
  ['LT', [N(5)], 'n'],
  ['GE', [N(5)], 'n'],
  ['GT', [N(5)], 'n'],
  ['NOT_NULL', null, 'n'],
  ['NULL', null, 'n'],
  ['CONTAINS', [S('a')], 'ss'],
  ['NOT_CONTAINS', [S('a')], 'ss'],
  ['BEGINS_WITH', [S('te')], 's'],
  ['IN', [S('x'), S('text')], 's'],
  ['BETWEEN', [N(1), N(9)], 'n'],
];
const condition = ([ComparisonOperator, list]: (typeof OPERATORS)[number]) =>
  list === null ? { ComparisonOperator } : { ComparisonOperator, AttributeValueList: list };

const UPDATES: Record<string, unknown> = {
  PUT: { n: { Action: 'PUT', Value: S('over') }, x: { Value: N(1) } },
  'ADD a number': { n: { Action: 'ADD', Value: N(2) }, fresh: { Action: 'ADD', Value: N(2) } },
  'ADD to a set': { ss: { Action: 'ADD', Value: { SS: ['c'] } } },
  'DELETE an attribute': { n: { Action: 'DELETE' }, none: { Action: 'DELETE' } },
  'DELETE from a set': { ss: { Action: 'DELETE', Value: { SS: ['a'] } } },
  'a key': { pk: { Action: 'PUT', Value: S('x') } },
  'no action of that name': { n: { Action: 'MOVE', Value: N(1) } },
};

const rows = [1, 2, 3, 4].map((n) => put({ ...R(n), v: S(`v${n}`) }, {}, 'range'));

export const legacy: Case[] = [
  ...OPERATORS.flatMap((operator) => [
    c(
      `Expected: ${operator[0]}`,
      put(FULL),
      put({ ...K, v: S('2') }, { Expected: { [operator[2]]: condition(operator) } }),
      get(K),
    ),
    c(
      `ScanFilter: ${operator[0]}`,
      scan({ ScanFilter: { [operator[2] === 'ss' ? 'text' : 'n']: condition(operator) }, Limit: 10 }),
    ),
  ]),
  c('Expected: a value', put(FULL), del(K, { Expected: { n: { Value: N(5) } }, ReturnValues: 'ALL_OLD' }), get(K)),
  c('Expected: not there', put(FULL), put(K, { Expected: { pk: { Exists: false } } }), get(K)),
  c(
    'Expected: with OR',
    put(FULL),
    update(K, { Expected: { n: { Value: N(1) }, s: { Value: S('text') } }, ConditionalOperator: 'OR' }),
    get(K),
  ),
  c(
    'Expected: with AND',
    put(FULL),
    update(K, { Expected: { n: { Value: N(1) }, s: { Value: S('text') } }, ConditionalOperator: 'AND' }),
    get(K),
  ),
  c(
    'Expected: beside an expression',
    put(K, { Expected: { n: { Value: N(1) } }, ConditionExpression: 'attribute_exists(n)' }),
  ),
  ...Object.entries(UPDATES).flatMap(([name, AttributeUpdates]) => [
    c(`AttributeUpdates: ${name}`, put(FULL), update(K, { AttributeUpdates }), get(K)),
    c(
      `AttributeUpdates: ${name}, UPDATED_NEW`,
      put(FULL),
      update(K, { AttributeUpdates, ReturnValues: 'UPDATED_NEW' }),
      get(K),
    ),
  ]),
  c('AttributeUpdates: makes the item', update(K, { AttributeUpdates: { n: { Action: 'PUT', Value: N(1) } } }), get(K)),
  c('AttributesToGet: of a get', put(FULL), get(K, { AttributesToGet: ['n', 'none'] })),
  c('AttributesToGet: named twice', put(FULL), get(K, { AttributesToGet: ['n', 'n'] })),
  c('AttributesToGet: of a scan', scan({ AttributesToGet: ['n'], Limit: 5 })),
  ...[
    ['EQ', [S('@S')], null],
    ['EQ', [S('@S')], { ComparisonOperator: 'GT', AttributeValueList: [N(2)] }],
    ['EQ', [S('@S')], { ComparisonOperator: 'BETWEEN', AttributeValueList: [N(2), N(3)] }],
    ['EQ', [S('@S')], { ComparisonOperator: 'NE', AttributeValueList: [N(2)] }],
    ['BEGINS_WITH', [S('@S')], null],
    ['EQ', [], null],
  ].map(([operator, list, sort], at) =>
    c(
      `KeyConditions: ${at + 1}`,
      ...rows,
      query({
        KeyConditions: {
          pk: { ComparisonOperator: operator, AttributeValueList: list },
          ...(sort ? { sk: sort } : {}),
        },
      }),
    ),
  ),
  c(
    'KeyConditions: with a filter and an order',
    ...rows,
    query({
      KeyConditions: { pk: { ComparisonOperator: 'EQ', AttributeValueList: [S('@S')] } },
      QueryFilter: { v: { ComparisonOperator: 'NE', AttributeValueList: [S('v2')] } },
      ScanIndexForward: false,
      AttributesToGet: ['sk', 'v'],
    }),
  ),
  c(
    'KeyConditions: filters with OR',
    ...rows,
    query({
      KeyConditions: { pk: { ComparisonOperator: 'EQ', AttributeValueList: [S('@S')] } },
      QueryFilter: {
        v: { ComparisonOperator: 'EQ', AttributeValueList: [S('v2')] },
        w: { ComparisonOperator: 'NULL' },
      },
      ConditionalOperator: 'OR',
    }),
  ),
  c(
    'KeyConditions: beside an expression',
    query({
      KeyConditions: { pk: { ComparisonOperator: 'EQ', AttributeValueList: [S('@S')] } },
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': S('@S') },
    }),
  ),
];
