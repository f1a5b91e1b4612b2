/** GetItem, Query and Scan: keys, projections, filters, pages. */
import { byArn, type Case, c, call, get, K, put, query, R, raw, scan } from '../case';

const N = (n: number | string) => ({ N: String(n) });
const S = (s: string) => ({ S: s });
const rows = Array.from({ length: 6 }, (_, at) =>
  put({ ...R(at), v: S(`v${at}`), n: N(at % 3), m: { M: { a: N(at) } } }, {}, 'range'),
);
const P = 'pk = :p';
const values = (more: Record<string, unknown> = {}) => ({ ExpressionAttributeValues: { ':p': S('@S'), ...more } });
const q = (more: Record<string, unknown> = {}) => query({ KeyConditionExpression: P, ...values(), ...more });

const SORTS: [string, Record<string, unknown>][] = [
  ['sk = :a', { ':a': N(2) }],
  ['sk < :a', { ':a': N(2) }],
  ['sk <= :a', { ':a': N('2.0') }],
  ['sk > :a', { ':a': N(2) }],
  ['sk >= :a', { ':a': N(2) }],
  ['sk BETWEEN :a AND :b', { ':a': N(1), ':b': N(4) }],
  ['begins_with(sk, :a)', { ':a': N(1) }],
  ['sk <> :a', { ':a': N(1) }],
];
const FILTERS: [string, Record<string, unknown>][] = [
  ['n = :f', { ':f': N(1) }],
  ['contains(v, :f)', { ':f': S('v') }],
  ['m.a > :f', { ':f': N(3) }],
  ['attribute_exists(none)', {}],
  ['size(v) = :f AND NOT n = :f', { ':f': N(2) }],
];
const PROJECTIONS = ['pk', 'sk, v', 'm.a', 'm, m.a', 'none', '#v', 'pk, , v', 'v[0]'];
const indexed = [1, 2, 3].map((n) =>
  put({ pk: S('@S'), sk: S(`s${n}`), gpk: S('@S-g'), gsk: N(9 - n), lsk: N(n), v: S('x') }, {}, 'indexed'),
);
const G = { IndexName: 'by_g', KeyConditionExpression: 'gpk = :p', ExpressionAttributeValues: { ':p': S('@S-g') } };

export const reads: Case[] = [
  c('get: what is not there', get(K), get(K, { ConsistentRead: true, ReturnConsumedCapacity: 'TOTAL' })),
  ...PROJECTIONS.map((ProjectionExpression) =>
    c(
      `get: projection ${ProjectionExpression}`,
      ...rows.slice(0, 2),
      get(
        R(1),
        { ProjectionExpression, ...(ProjectionExpression === '#v' ? { ExpressionAttributeNames: { '#v': 'v' } } : {}) },
        'range',
      ),
    ),
  ),
  c('query: a partition', ...rows, q()),
  c('query: an empty partition', q()),
  c('query: backwards', ...rows, q({ ScanIndexForward: false })),
  c('query: consistent', ...rows, q({ ConsistentRead: true })),
  c('query: partition behind the value', ...rows, query({ KeyConditionExpression: ':p = pk', ...values() })),
  c(
    'query: names in place of names',
    ...rows,
    query({
      KeyConditionExpression: '#p = :p AND #s > :a',
      ExpressionAttributeNames: { '#p': 'pk', '#s': 'sk' },
      ...values({ ':a': N(3) }),
    }),
  ),
  c(
    'query: in parentheses',
    ...rows,
    query({ KeyConditionExpression: '(pk = :p) AND (sk > :a)', ...values({ ':a': N(3) }) }),
  ),
  ...SORTS.map(([sort, more]) =>
    c(`query: ${sort}`, ...rows, query({ KeyConditionExpression: `${P} AND ${sort}`, ...values(more) })),
  ),
  ...FILTERS.map(([FilterExpression, more]) =>
    c(`query: filter ${FilterExpression}`, ...rows, q({ FilterExpression, ...values(more) })),
  ),
  ...FILTERS.map(([FilterExpression, more]) =>
    c(`query: filter ${FilterExpression}, with a limit`, ...rows, q({ FilterExpression, Limit: 3, ...values(more) })),
  ),
  ...[1, 2, 5, 6, 7].map((Limit) => c(`query: a page of ${Limit}`, ...rows, q({ Limit }))),
  c(
    'query: pages one after the other',
    ...rows,
    q({ Limit: 2 }),
    ...[1, 3, 5].map((at) => q({ Limit: 2, ExclusiveStartKey: R(at) })),
  ),
  c(
    'query: pages backwards',
    ...rows,
    q({ Limit: 4, ScanIndexForward: false }),
    q({ Limit: 4, ScanIndexForward: false, ExclusiveStartKey: R(2) }),
  ),
  c('query: from a key that is not there', ...rows, q({ ExclusiveStartKey: R('2.5') })),
  c('query: from a key of another partition', ...rows, q({ ExclusiveStartKey: { pk: S('other'), sk: N(1) } })),
  c('query: from a key without its sort', ...rows, q({ ExclusiveStartKey: { pk: S('@S') } })),
  ...['COUNT', 'ALL_ATTRIBUTES', 'SPECIFIC_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES', 'NOTHING'].map((Select) =>
    c(`query: Select ${Select}`, ...rows, q({ Select })),
  ),
  c(
    'query: count with a filter',
    ...rows,
    q({ Select: 'COUNT', FilterExpression: 'n = :f', ...values({ ':f': N(0) }) }),
  ),
  c('query: projection', ...rows, q({ ProjectionExpression: 'v, m.a' })),
  c('query: capacity', ...rows, q({ ReturnConsumedCapacity: 'TOTAL' })),
  c(
    'query: bytes in the key',
    put({ pk: { B: '@B' }, sk: S('a') }, {}, 'bytes'),
    query({ KeyConditionExpression: P, ExpressionAttributeValues: { ':p': { B: '@B' } } }, 'bytes'),
  ),
  c(
    'query: a number in the key',
    put({ pk: { N: '@N' }, sk: { B: 'AQ==' } }, {}, 'numbers'),
    query({ KeyConditionExpression: P, ExpressionAttributeValues: { ':p': { N: '@N.0' } } }, 'numbers'),
  ),
  c('query: no sort key in the table', put(K), query({ KeyConditionExpression: P, ...values() }, 'hash')),
  c('query: without a condition', query({})),
  c(
    'query: on the sort key alone',
    query({ KeyConditionExpression: 'sk = :a', ExpressionAttributeValues: { ':a': N(1) } }),
  ),
  c('query: partition by a range', query({ KeyConditionExpression: 'pk > :p', ...values() })),
  c('query: another type', query({ KeyConditionExpression: P, ExpressionAttributeValues: { ':p': N(1) } })),
  c('query: a value that is not used', q(values({ ':x': N(1) }))),
  c('query: a value that is not given', query({ KeyConditionExpression: P })),
  c('query: Limit 0', q({ Limit: 0 })),
  c('query: Limit below zero', q({ Limit: -1 })),
  c('query: a global index', ...indexed, query(G, 'indexed')),
  c(
    'query: a global index backwards, by pages',
    ...indexed,
    query({ ...G, ScanIndexForward: false, Limit: 2 }, 'indexed'),
  ),
  c('query: a global index, consistent', ...indexed, query({ ...G, ConsistentRead: true }, 'indexed')),
  c(
    'query: a local index',
    ...indexed,
    query({ IndexName: 'by_l', KeyConditionExpression: 'pk = :p AND lsk >= :l', ...values({ ':l': N(2) }) }, 'indexed'),
  ),
  c('query: an index that is not there', query({ ...G, IndexName: 'none' }, 'indexed')),
  c('query: an index of null', ...rows, q({ IndexName: null })),
  c('scan: whole', scan({})),
  c('scan: consistent', scan({ ConsistentRead: true })),
  ...[1, 7, 29, 30, 31].map((Limit) => c(`scan: a page of ${Limit}`, scan({ Limit }))),
  c('scan: the next page', scan({ Limit: 5, ExclusiveStartKey: { pk: S('item-3') } })),
  c('scan: from a key that is no key', scan({ ExclusiveStartKey: { other: S('x') } })),
  ...[0, 1, 2, 3].map((Segment) => c(`scan: segment ${Segment} of 4`, scan({ Segment, TotalSegments: 4 }))),
  c('scan: a segment by pages', scan({ Segment: 0, TotalSegments: 2, Limit: 3 })),
  c('scan: a segment beyond the last', scan({ Segment: 4, TotalSegments: 4 })),
  c('scan: segments without a number', scan({ TotalSegments: 4 })),
  ...['n < :f', 'contains(#t, :s)', 'attribute_type(#two, :t)'].map((FilterExpression) =>
    c(
      `scan: filter ${FilterExpression}`,
      scan({
        FilterExpression,
        ExpressionAttributeValues: FilterExpression.includes(':f')
          ? { ':f': N(9) }
          : FilterExpression.includes(':s')
            ? { ':s': S('xxxx') }
            : { ':t': S('BOOL') },
        ...(FilterExpression.includes('#')
          ? { ExpressionAttributeNames: FilterExpression.includes('#two') ? { '#two': '2' } : { '#t': 'text' } }
          : {}),
      }),
    ),
  ),
  c(
    'scan: filter, with a limit',
    scan({ FilterExpression: 'n < :f', ExpressionAttributeValues: { ':f': N(3) }, Limit: 10 }),
  ),
  c('scan: projection', scan({ ProjectionExpression: 'pk, n' })),
  c('scan: count', scan({ Select: 'COUNT', ReturnConsumedCapacity: 'TOTAL' })),
  c(
    'scan: an index',
    ...indexed,
    scan(
      { IndexName: 'by_g', FilterExpression: 'gpk = :p', ExpressionAttributeValues: { ':p': S('@S-g') } },
      'indexed',
    ),
  ),
  c('scan: attributes and an expression at once', scan({ AttributesToGet: ['n'], ProjectionExpression: 'n' })),
  byArn(
    c(
      'get: a table by its ARN',
      put(K),
      call('GetItem', { TableName: 'arn:aws:dynamodb:eu-central-1:000000000000:table/T:hash', Key: K }),
    ),
  ),
  c('get: a member that nobody knows', put(K), get(K, { Nonsense: 1 })),
  c(
    'get: in an odd order',
    put(K),
    raw('GetItem', '{"ConsistentRead":true,"Key":{"pk":{"S":"@S"}},"TableName":"T:hash"}'),
  ),
];
