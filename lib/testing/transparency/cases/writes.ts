/** PutItem, DeleteItem, UpdateItem: expressions, conditions, what they return. */
import { type Case, c, del, get, K, put, R, update } from '../case';

const N = (n: number | string) => ({ N: String(n) });
const S = (s: string) => ({ S: s });
const FULL = {
  ...K,
  n: N(5),
  s: S('text'),
  l: { L: [N(1), N(2)] },
  m: { M: { a: N(1), b: S('b') } },
  ss: { SS: ['a', 'b'] },
};
const KINDS = ['NONE', 'ALL_OLD', 'UPDATED_OLD', 'ALL_NEW', 'UPDATED_NEW'];
const values = (given: Record<string, unknown>) => ({ ExpressionAttributeValues: given });
const names = (given: Record<string, string>) => ({ ExpressionAttributeNames: given });

const CONDITIONS: [string, string, Record<string, unknown>?][] = [
  ['attribute_exists', 'attribute_exists(n)'],
  ['attribute_not_exists', 'attribute_not_exists(n)'],
  ['equal', 'n = :v', { ':v': N('5.0') }],
  ['not equal', 'n <> :v', { ':v': N(5) }],
  ['less', 'n < :v', { ':v': N(6) }],
  ['between', 'n BETWEEN :a AND :b', { ':a': N(1), ':b': N(5) }],
  ['in', 's IN (:a, :b)', { ':a': S('x'), ':b': S('text') }],
  ['begins_with', 'begins_with(s, :a)', { ':a': S('te') }],
  ['contains', 'contains(ss, :a)', { ':a': S('c') }],
  ['size', 'size(l) = :n', { ':n': N(2) }],
  ['attribute_type', 'attribute_type(m, :t)', { ':t': S('M') }],
  ['and, or, not', 'NOT (n = :a) OR s = :b AND l[0] = :a', { ':a': N(1), ':b': S('text') }],
  ['a path', 'm.a = :a AND m.b <> :b', { ':a': N(1), ':b': S('x') }],
  ['another type', 'n = :v', { ':v': S('5') }],
];

const UPDATES: [string, Record<string, unknown>][] = [
  ['SET a new attribute', { UpdateExpression: 'SET x = :x', ...values({ ':x': S('new') }) }],
  ['SET over an old one', { UpdateExpression: 'SET n = :x', ...values({ ':x': S('other type') }) }],
  ['SET plus', { UpdateExpression: 'SET n = n + :x', ...values({ ':x': N('0.1') }) }],
  ['SET minus', { UpdateExpression: 'SET n = n - :x', ...values({ ':x': N(7) }) }],
  ['SET list_append', { UpdateExpression: 'SET l = list_append(l, :x)', ...values({ ':x': { L: [S('end')] } }) }],
  [
    'SET if_not_exists',
    { UpdateExpression: 'SET n = if_not_exists(n, :x), y = if_not_exists(y, :x)', ...values({ ':x': N(0) }) },
  ],
  ['SET an element', { UpdateExpression: 'SET l[1] = :x, l[9] = :x', ...values({ ':x': S('e') }) }],
  [
    'SET a path',
    { UpdateExpression: 'SET m.c = :x, #m.#a = :x', ...names({ '#m': 'm', '#a': 'a' }), ...values({ ':x': S('p') }) },
  ],
  ['SET one attribute to another', { UpdateExpression: 'SET n = s, s = n' }],
  ['REMOVE', { UpdateExpression: 'REMOVE n, l[0], m.a, none' }],
  ['ADD a number', { UpdateExpression: 'ADD n :x, fresh :x', ...values({ ':x': N(3) }) }],
  ['ADD to a set', { UpdateExpression: 'ADD ss :x', ...values({ ':x': { SS: ['b', 'c'] } }) }],
  ['DELETE from a set', { UpdateExpression: 'DELETE ss :x', ...values({ ':x': { SS: ['a', 'z'] } }) }],
  ['DELETE the last member', { UpdateExpression: 'DELETE ss :x', ...values({ ':x': { SS: ['a', 'b'] } }) }],
  [
    'all four',
    {
      UpdateExpression: 'SET s = :s REMOVE m ADD n :n DELETE ss :d',
      ...values({ ':s': S('q'), ':n': N(1), ':d': { SS: ['a'] } }),
    },
  ],
  ['nothing', {}],
  ['a path that is not there', { UpdateExpression: 'SET none.x = :x', ...values({ ':x': N(1) }) }],
  ['SET the key', { UpdateExpression: 'SET pk = :x', ...values({ ':x': S('k') }) }],
  ['ADD text to a number', { UpdateExpression: 'ADD s :x', ...values({ ':x': N(1) }) }],
];

export const writes: Case[] = [
  c('put: answers with nothing', put({ ...K, v: S('1') }), get(K)),
  ...KINDS.map((kind) =>
    c(`put: ReturnValues ${kind}`, put(FULL), put({ ...K, v: S('2') }, { ReturnValues: kind }), get(K)),
  ),
  c('put: ALL_OLD of what is not there', put(K, { ReturnValues: 'ALL_OLD' })),
  c('put: a key alone', put(R('-1.5'), {}, 'range'), get(R('-1.50'), {}, 'range')),
  c('put: replaces the whole item', put(FULL), put({ ...K, only: S('this') }), get(K)),
  ...KINDS.map((kind) =>
    c(
      `delete: ReturnValues ${kind}`,
      put(FULL),
      del(K, { ReturnValues: kind }),
      get(K),
      del(K, { ReturnValues: kind }),
    ),
  ),
  ...UPDATES.map(([name, request]) =>
    c(`update: ${name}`, put(FULL), update(K, request), get(K, { ConsistentRead: true })),
  ),
  ...KINDS.flatMap((kind) => [
    c(
      `update: ReturnValues ${kind}`,
      put(FULL),
      update(K, {
        UpdateExpression: 'SET n = :n, m.a = :n REMOVE l[0] ADD fresh :n',
        ...values({ ':n': N(9) }),
        ReturnValues: kind,
      }),
      get(K),
    ),
    c(
      `update: ReturnValues ${kind} of what is not there`,
      update(K, { UpdateExpression: 'SET n = :n', ...values({ ':n': N(9) }), ReturnValues: kind }),
      get(K),
    ),
    c(
      `update: ReturnValues ${kind} of a failed condition`,
      put(FULL),
      update(K, {
        UpdateExpression: 'SET n = :n',
        ConditionExpression: 'n = :n',
        ...values({ ':n': N(9) }),
        ReturnValues: kind,
      }),
      get(K),
    ),
  ]),
  c('update: makes the item', update(K), get(K), update(K, { ReturnValues: 'ALL_NEW' })),
  c(
    'update: many times',
    ...Array.from({ length: 8 }, () =>
      update(K, { UpdateExpression: 'ADD hits :one', ...values({ ':one': N(1) }), ReturnValues: 'UPDATED_NEW' }),
    ),
    get(K),
  ),
  c(
    'update: ReturnValues named twice',
    {
      operation: 'UpdateItem',
      body: '{"ReturnValues":"NONE","TableName":"T:hash","Key":{"pk":{"S":"@S"}},"ReturnValues":"NONE"}',
    },
    get(K),
  ),
  c(
    'update: ReturnValues of null',
    { operation: 'UpdateItem', body: '{"TableName":"T:hash","Key":{"pk":{"S":"@S"}},"ReturnValues":null}' },
    get(K),
  ),
  ...CONDITIONS.flatMap(([name, ConditionExpression, given]) => {
    const more = { ConditionExpression, ...(given ? values(given) : {}) };
    return [
      c(`condition: ${name}, of a put`, put(FULL), put({ ...K, v: S('2') }, more), get(K)),
      c(
        `condition: ${name}, of a delete, with the item that failed it`,
        put(FULL),
        del(K, { ...more, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
        get(K),
      ),
    ];
  }),
  c(
    'condition: on an item that is not there',
    put(K, { ConditionExpression: 'attribute_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
    get(K),
  ),
  c(
    'condition: put if absent, twice',
    put(K, { ConditionExpression: 'attribute_not_exists(pk)' }),
    put(K, { ConditionExpression: 'attribute_not_exists(pk)' }),
  ),
  c(
    'capacity: of each write',
    put(K, { ReturnConsumedCapacity: 'TOTAL' }),
    update(K, { ReturnConsumedCapacity: 'INDEXES' }),
    del(K, { ReturnConsumedCapacity: 'NONE' }),
  ),
  c(
    'capacity: of an update whose image is not asked for',
    update(K, { ReturnConsumedCapacity: 'TOTAL', UpdateExpression: 'SET a = :a', ...values({ ':a': S('x') }) }),
  ),
  c(
    'capacity: of each read',
    put(K),
    get(K, { ReturnConsumedCapacity: 'TOTAL' }),
    get(K, { ReturnConsumedCapacity: 'INDEXES', ConsistentRead: true }),
  ),
  c(
    'metrics: of each write to a table with a local index',
    put({ pk: S('@S'), sk: S('a') }, { ReturnItemCollectionMetrics: 'SIZE' }, 'indexed'),
    update({ pk: S('@S'), sk: S('a') }, { ReturnItemCollectionMetrics: 'SIZE' }, 'indexed'),
    del(
      { pk: S('@S'), sk: S('a') },
      { ReturnItemCollectionMetrics: 'SIZE', ReturnConsumedCapacity: 'INDEXES' },
      'indexed',
    ),
  ),
];
