/** Batches and transactions. */
import {
  batchGet,
  batchWrite,
  type Case,
  c,
  get,
  K,
  k,
  put,
  R,
  raw,
  transactGet,
  transactWrite,
  update,
} from '../case';

const N = (n: number | string) => ({ N: String(n) });
const S = (s: string) => ({ S: s });
const TableName = 'T:hash';
const puts = (count: number, more = {}) =>
  Array.from({ length: count }, (_, at) => ({ PutRequest: { Item: { ...k(at), n: N(at), ...more } } }));
const stored = Array.from({ length: 8 }, (_, at) => put({ ...k(at), n: N(at) }));
const keys = (count: number) => Array.from({ length: count }, (_, at) => k(at));
const Put = (which: string | number, more = {}) => ({ Put: { TableName, Item: { ...k(which), n: N(1) }, ...more } });
const Delete = (which: string | number, more = {}) => ({ Delete: { TableName, Key: k(which), ...more } });
const Update = (which: string | number, more = {}) => ({
  Update: {
    TableName,
    Key: k(which),
    UpdateExpression: 'ADD n :n',
    ExpressionAttributeValues: { ':n': N(5) },
    ...more,
  },
});
const Check = (which: string | number, more = {}) => ({
  ConditionCheck: { TableName, Key: k(which), ConditionExpression: 'attribute_exists(pk)', ...more },
});
const Get = (which: string | number, more = {}) => ({ Get: { TableName, Key: k(which), ...more } });

export const batches: Case[] = [
  ...[1, 2, 24, 25, 26].map((count) =>
    c(
      `batch write: ${count} puts`,
      batchWrite({ [TableName]: puts(count) }),
      batchGet({ [TableName]: { Keys: keys(Math.min(count, 25)) } }),
    ),
  ),
  c(
    'batch write: puts and deletes',
    ...stored,
    batchWrite({
      [TableName]: [
        ...puts(2, { v: S('new') }),
        { DeleteRequest: { Key: k(5) } },
        { DeleteRequest: { Key: k('none') } },
      ],
    }),
    batchGet({ [TableName]: { Keys: keys(8) } }),
  ),
  c(
    'batch write: several tables',
    batchWrite({
      [TableName]: puts(2),
      'T:range': [{ PutRequest: { Item: { ...R(1), v: S('r') } } }],
      'T:bytes': [{ PutRequest: { Item: { pk: { B: '@B' }, sk: S('a') } } }],
    }),
    get(k(0)),
    get(R(1), {}, 'range'),
  ),
  c(
    'batch write: capacity and metrics',
    batchWrite({ [TableName]: puts(2) }, { ReturnConsumedCapacity: 'TOTAL', ReturnItemCollectionMetrics: 'SIZE' }),
  ),
  c('batch write: a key twice', batchWrite({ [TableName]: [...puts(1), { DeleteRequest: { Key: k(0) } }] }), get(k(0))),
  c(
    'batch write: a key twice, spelt in two ways',
    batchWrite({ 'T:range': [{ PutRequest: { Item: R('1000') } }, { PutRequest: { Item: R('1e3') } }] }),
  ),
  c('batch write: a table that is not there', batchWrite({ [TableName]: puts(1), 'T:absent': puts(1) }), get(k(0))),
  c('batch write: nothing', batchWrite({})),
  c('batch write: no entries', batchWrite({ [TableName]: [] })),
  c(
    'batch write: an entry without a key',
    batchWrite({ [TableName]: [...puts(1), { PutRequest: { Item: { n: N(1) } } }] }),
    get(k(0)),
  ),
  c(
    'batch write: an entry of both kinds',
    batchWrite({ [TableName]: [{ PutRequest: { Item: k(0) }, DeleteRequest: { Key: k(1) } }] }),
  ),
  c('batch write: an entry of no kind', batchWrite({ [TableName]: [{}] })),
  c(
    'batch write: an item that is too large',
    batchWrite({ [TableName]: [...puts(1), { PutRequest: { Item: { ...k('big'), v: S('x'.repeat(410 * 1024)) } } }] }),
    get(k(0)),
  ),
  c(
    'batch write: __proto__',
    raw(
      'BatchWriteItem',
      '{"RequestItems":{"T:hash":[{"PutRequest":{"Item":{"pk":{"S":"@S"},"__proto__":{"S":"kept"},"7":{"S":"x"},"b":{"S":"y"}}}}]}}',
    ),
    get(K),
  ),
  ...[1, 3, 8].map((count) =>
    c(`batch get: ${count} of 8`, ...stored, batchGet({ [TableName]: { Keys: keys(count) } })),
  ),
  c('batch get: some that are not there', ...stored, batchGet({ [TableName]: { Keys: [k('x'), k(0), k('y'), k(3)] } })),
  c('batch get: none that are there', batchGet({ [TableName]: { Keys: [k('x'), k('y')] } })),
  c('batch get: consistent', ...stored, batchGet({ [TableName]: { Keys: keys(8), ConsistentRead: true } })),
  c(
    'batch get: several tables in their order',
    ...stored,
    put({ ...R(1), v: S('r') }, {}, 'range'),
    put({ ...R(2), v: S('r') }, {}, 'range'),
    batchGet({
      'T:range': { Keys: [R(2), R(1)] },
      [TableName]: { Keys: keys(8) },
      'T:scanned': { Keys: [{ pk: S('item-7') }, { pk: S('item-2') }] },
    }),
  ),
  c(
    'batch get: the other order',
    ...stored,
    put({ ...R(1), v: S('r') }, {}, 'range'),
    batchGet({ [TableName]: { Keys: keys(5).reverse() }, 'T:range': { Keys: [R(1)] } }),
  ),
  c(
    'batch get: projection with the key',
    ...stored,
    batchGet({ [TableName]: { Keys: keys(6), ProjectionExpression: 'pk' } }),
  ),
  c(
    'batch get: projection without the key',
    ...stored,
    batchGet({ [TableName]: { Keys: keys(6), ProjectionExpression: '#n', ExpressionAttributeNames: { '#n': 'n' } } }),
  ),
  c('batch get: attributes', ...stored, batchGet({ [TableName]: { Keys: keys(6), AttributesToGet: ['n'] } })),
  c(
    'batch get: capacity',
    ...stored,
    batchGet({ [TableName]: { Keys: keys(8) } }, { ReturnConsumedCapacity: 'TOTAL' }),
  ),
  c(
    'batch get: names like numbers',
    ...Array.from({ length: 6 }, (_, at) => put({ ...k(at), b: S('1'), 10: S('2'), 9: S('3') })),
    batchGet({ [TableName]: { Keys: keys(6) } }),
  ),
  c(
    'batch get: __proto__',
    raw('PutItem', '{"TableName":"T:hash","Item":{"pk":{"S":"@S-0"},"__proto__":{"S":"kept"}}}'),
    batchGet({ [TableName]: { Keys: keys(4) } }),
  ),
  ...[99, 100, 101].map((count) => c(`batch get: ${count} keys`, batchGet({ [TableName]: { Keys: keys(count) } }))),
  c('batch get: a key twice', ...stored, batchGet({ [TableName]: { Keys: [k(0), k(1), k(0)] } })),
  c('batch get: no keys', batchGet({ [TableName]: { Keys: [] } })),
  c('batch get: no keys of one table', batchGet({ [TableName]: { Keys: keys(2) }, 'T:range': { Keys: [] } })),
  c('batch get: a key of another shape', batchGet({ [TableName]: { Keys: [k(0), { other: S('x') }] } })),
  c('batch get: a key of another type', batchGet({ [TableName]: { Keys: [...keys(4), { pk: N(1) }] } })),
  c('batch get: keys that are no objects', batchGet({ [TableName]: { Keys: ['x'] } })),
  c(
    'batch get: a table that is not there',
    batchGet({ [TableName]: { Keys: keys(2) }, 'T:absent': { Keys: keys(1) } }),
  ),
  c('batch get: nothing', batchGet({})),
  c('batch get: a list in place of tables', batchGet([] as never)),
];

export const transactions: Case[] = [
  c(
    'transact write: one of each',
    ...stored,
    transactWrite([Put('p'), Update(1), Delete(2), Check(3)]),
    batchGet({ [TableName]: { Keys: [k('p'), k(1), k(2), k(3)] } }),
  ),
  c(
    'transact write: a failed condition undoes all',
    ...stored,
    transactWrite([Put('p'), Update(1), Check('none')]),
    batchGet({ [TableName]: { Keys: [k('p'), k(1)] } }),
  ),
  c(
    'transact write: each failed condition with its item',
    ...stored,
    transactWrite([
      Put(1, { ConditionExpression: 'attribute_not_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
      Delete(2, {
        ConditionExpression: 'n = :x',
        ExpressionAttributeValues: { ':x': N(9) },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
      Update('none', { ConditionExpression: 'attribute_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
      Check(3),
    ]),
  ),
  c(
    'transact write: several tables',
    transactWrite([Put('p'), { Put: { TableName: 'T:range', Item: { ...R(1), v: S('x') } } }]),
    get(R(1), {}, 'range'),
    get(k('p')),
  ),
  ...[25, 26, 60, 100, 101].map((count) =>
    c(
      `transact write: ${count} puts`,
      transactWrite(Array.from({ length: count }, (_, at) => Put(at))),
      get(k(0)),
      get(k(count - 1)),
    ),
  ),
  c(
    'transact write: 40 updates',
    transactWrite(Array.from({ length: 40 }, (_, at) => Update(at))),
    get(k(39), { ConsistentRead: true }),
  ),
  c('transact write: nothing', transactWrite([])),
  c('transact write: a key twice', transactWrite([Put(1), Delete(1)]), get(k(1))),
  c('transact write: an action of two kinds', transactWrite([{ ...Put(1), ...Delete(2) }])),
  c('transact write: an action of no kind', transactWrite([{}])),
  c(
    'transact write: a table that is not there',
    transactWrite([Put(1), { Put: { TableName: 'T:absent', Item: k(1) } }]),
    get(k(1)),
  ),
  c('transact write: a key that is none', transactWrite([{ Put: { TableName, Item: { n: N(1) } } }])),
  c(
    'transact write: capacity',
    transactWrite([Put(1), Update(2)], { ReturnConsumedCapacity: 'TOTAL', ReturnItemCollectionMetrics: 'SIZE' }),
  ),
  c(
    'transact write: a token twice',
    transactWrite([Update(1)], { ClientRequestToken: 'T:@S' }),
    transactWrite([Update(1)], { ClientRequestToken: 'T:@S' }),
    get(k(1)),
  ),
  c(
    'transact write: a token with other parameters',
    transactWrite([Update(1)], { ClientRequestToken: 'T:@S' }),
    transactWrite([Update(2)], { ClientRequestToken: 'T:@S' }),
    get(k(2)),
  ),
  c(
    'transact write: a token after a failure',
    transactWrite([Check('none')], { ClientRequestToken: 'T:@S' }),
    put(k('none')),
    transactWrite([Check('none')], { ClientRequestToken: 'T:@S' }),
  ),
  c(
    'transact write: an update that cannot be',
    ...stored,
    transactWrite([Update(1), Update(2, { UpdateExpression: 'ADD pk :n' })]),
    get(k(1)),
  ),
  c(
    'transact write: __proto__',
    raw(
      'TransactWriteItems',
      '{"TransactItems":[{"Put":{"TableName":"T:hash","Item":{"pk":{"S":"@S"},"__proto__":{"L":[{"NULL":true}]}}}}]}',
    ),
    get(K),
  ),
  c('transact get: some', ...stored, transactGet([Get(1), Get('none'), Get(3, { ProjectionExpression: 'n' })])),
  c(
    'transact get: several tables',
    ...stored,
    put(R(1), {}, 'range'),
    transactGet([Get(1), { Get: { TableName: 'T:range', Key: R(1) } }]),
  ),
  c('transact get: capacity', ...stored, transactGet([Get(1)], { ReturnConsumedCapacity: 'TOTAL' })),
  c('transact get: nothing', transactGet([])),
  c('transact get: 101', transactGet(Array.from({ length: 101 }, (_, at) => Get(at)))),
  c('transact get: a table that is not there', transactGet([Get(1), { Get: { TableName: 'T:absent', Key: K } }])),
  c('transact get: an action that is none', transactGet([{ Put: { TableName, Item: K } }])),
  c(
    'transact get: after an update',
    update(K, { AttributeUpdates: { n: { Action: 'ADD', Value: N(1) } } }),
    transactGet([{ Get: { TableName, Key: K } }]),
  ),
];
