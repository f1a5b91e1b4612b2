/** What a store refuses, in its own words and its own order; and what is no operation on items. */
import { byArn, type Case, c, call, del, get, K, put, query, raw, scan, update } from '../case';

const S = (s: string) => ({ S: s });
const OPERATIONS = [
  'PutItem',
  'GetItem',
  'UpdateItem',
  'DeleteItem',
  'Query',
  'Scan',
  'BatchGetItem',
  'BatchWriteItem',
  'TransactWriteItems',
  'TransactGetItems',
];
const BROKEN: Record<string, string | Buffer> = {
  'an empty body': '',
  'an empty object': '{}',
  'a body cut short': '{"TableName":"T:hash","Item":{"pk":{"S":"@S"}',
  'text in place of JSON': 'TableName=T:hash',
  'a list': '["T:hash"]',
  'a string': '"T:hash"',
  null: 'null',
  'a comma too many': '{"TableName":"T:hash","Key":{"pk":{"S":"@S"}},}',
  'single quotes': "{'TableName':'T:hash'}",
  'a byte order mark': '\ufeff{"TableName":"T:hash","Key":{"pk":{"S":"@S"}}}',
  'two objects': '{"TableName":"T:hash"}{"TableName":"T:hash"}',
  'bytes that are no UTF-8': Buffer.concat([
    Buffer.from('{"TableName":"T:hash","Key":{"pk":{"S":"'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}}}'),
  ]),
};
const KEYS: Record<string, unknown> = {
  'no key': undefined,
  'an empty key': {},
  'another name': { other: S('x') },
  'one attribute too many': { ...K, more: S('x') },
  'another type': { pk: { N: '1' } },
  'an empty value': { pk: S('') },
  'a value of no type': { pk: {} },
  'a value of two types': { pk: { S: 'a', N: '1' } },
  'a value too long': { pk: S(`@S${'x'.repeat(2_044)}`) },
  'the longest value': { pk: S(`@S${'x'.repeat(2_043)}`) },
  'text in place of an object': 'x',
  null: null,
};
const NAMES: [string, unknown][] = [
  ['a table that is not there', 'T:absent'],
  ['a name too short', 'ab'],
  ['a name too long', 'a'.repeat(256)],
  ['a name of odd characters', 'a b;c'],
  ['an empty name', ''],
  ['a number', 12],
  ['null', null],
];
const ENUMS: [string, Record<string, unknown>][] = [
  ['ReturnConsumedCapacity', { ReturnConsumedCapacity: 'SOME' }],
  ['ReturnItemCollectionMetrics', { ReturnItemCollectionMetrics: 'SOME' }],
  ['ReturnValues', { ReturnValues: 'SOME' }],
  ['several at once', { ReturnValues: 'SOME', ReturnConsumedCapacity: 'SOME', ReturnItemCollectionMetrics: 'SOME' }],
];
const EXPRESSIONS = [
  'n =',
  'n = :none',
  '#none = :v',
  'size = :v',
  'n = :v AND',
  '((n = :v))',
  'foo(n)',
  'n = n = n',
  ':v',
  '',
];
const UPDATES = [
  'SET',
  'SET n',
  'SET n = :none',
  'SET n = :v SET m = :v',
  'ADD n.m :v',
  'SET n = :v, n = :v',
  'DELETE n :v',
  'SET n = :v REMOVE n',
  'JUMP n',
  '',
];

const other = (operation: string, input: unknown) => call(operation, input);

export const refusals: Case[] = [
  ...Object.entries(BROKEN).flatMap(([name, body]) => [
    c(`body: ${name}, to write`, raw('PutItem', body), get(K)),
    c(`body: ${name}, to read`, raw('GetItem', body)),
    c(`body: ${name}, for an update`, raw('UpdateItem', body)),
  ]),
  ...OPERATIONS.map((operation) => c(`body: an empty object for ${operation}`, raw(operation, '{}'))),
  ...OPERATIONS.map((operation) => c(`body: cut short for ${operation}`, raw(operation, '{"TableName":"T:hash"'))),
  ...OPERATIONS.map((operation) =>
    c(
      `body: a wrong type for ${operation}`,
      raw(operation, '{"TableName":"T:scanned","Key":1,"Item":1,"RequestItems":1,"TransactItems":1}'),
    ),
  ),
  ...Object.entries(KEYS).flatMap(([name, Key]) => [
    c(`key: ${name}, of a get`, get(Key as never)),
    c(`key: ${name}, of a delete`, del(Key as never)),
    c(`key: ${name}, of an update`, update(Key as never), get(K)),
    c(`key: ${name}, of a put`, put(Key as never), get(K)),
  ]),
  ...NAMES.flatMap(([name, TableName]) => [
    c(`table: ${name}, of a get`, call('GetItem', { TableName, Key: K })),
    c(`table: ${name}, of a put`, call('PutItem', { TableName, Item: K })),
    c(`table: ${name}, of a scan`, call('Scan', { TableName })),
    c(
      `table: ${name}, of a query`,
      call('Query', { TableName, KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': S('x') } }),
    ),
  ]),
  ...ENUMS.flatMap(([name, more]) => [
    c(`word: ${name} of a put`, put(K, more)),
    c(`word: ${name} of an update`, update(K, more)),
    c(`word: ${name} of a delete`, del(K, more)),
  ]),
  ...EXPRESSIONS.map((ConditionExpression) =>
    c(
      `expression: condition ${ConditionExpression || 'of nothing'}`,
      put(K, { ConditionExpression, ExpressionAttributeValues: { ':v': { N: '1' } } }),
      get(K),
    ),
  ),
  ...EXPRESSIONS.slice(0, 6).map((FilterExpression) =>
    c(
      `expression: filter ${FilterExpression}`,
      scan({ FilterExpression, ExpressionAttributeValues: { ':v': { N: '1' } } }),
    ),
  ),
  ...UPDATES.map((UpdateExpression) =>
    c(
      `expression: update ${UpdateExpression || 'of nothing'}`,
      update(K, { UpdateExpression, ExpressionAttributeValues: { ':v': { N: '1' } } }),
      get(K),
    ),
  ),
  c(
    'expression: a reserved word',
    put(K, { ConditionExpression: 'status = :v', ExpressionAttributeValues: { ':v': { N: '1' } } }),
  ),
  c('expression: values without an expression', put(K, { ExpressionAttributeValues: { ':v': { N: '1' } } })),
  c('expression: names without an expression', get(K, { ExpressionAttributeNames: { '#a': 'a' } })),
  c('expression: empty values', put(K, { ConditionExpression: 'attribute_exists(a)', ExpressionAttributeValues: {} })),
  c(
    'expression: a value of no type',
    update(K, { UpdateExpression: 'SET a = :v', ExpressionAttributeValues: { ':v': {} } }),
  ),
  c(
    'expression: both kinds at once',
    query({
      KeyConditionExpression: 'pk = :p',
      QueryFilter: {},
      KeyConditions: {},
      ExpressionAttributeValues: { ':p': S('x') },
    }),
  ),
];

export const others: Case[] = [
  c('other: DescribeTable', other('DescribeTable', { TableName: 'T:range' })),
  c('other: DescribeTable of what is not there', other('DescribeTable', { TableName: 'T:absent' })),
  c('other: ListTables from a name', other('ListTables', { ExclusiveStartTableName: 'T:', Limit: 2 })),
  c('other: ListTables by pages', other('ListTables', { Limit: 101 })),
  c('other: DescribeTimeToLive', other('DescribeTimeToLive', { TableName: 'T:hash' })),
  c('other: DescribeLimits', other('DescribeLimits', {})),
  c('other: DescribeContinuousBackups', other('DescribeContinuousBackups', { TableName: 'T:hash' })),
  c(
    'other: tags',
    other('ListTagsOfResource', { ResourceArn: 'arn:aws:dynamodb:eu-central-1:000000000000:table/T:hash' }),
  ),
  byArn(
    c(
      'other: a table by its ARN, to write',
      call('PutItem', { TableName: 'arn:aws:dynamodb:eu-central-1:000000000000:table/T:hash', Item: K }),
      get(K),
    ),
  ),
  c(
    'other: CreateTable that is refused',
    other('CreateTable', { TableName: 'T:made', AttributeDefinitions: [], KeySchema: [] }),
  ),
  c(
    'other: CreateTable of what is there',
    other('CreateTable', {
      TableName: 'T:hash',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  ),
  c('other: DeleteTable of what is not there', other('DeleteTable', { TableName: 'T:absent' })),
  c('other: UpdateTable that changes nothing', other('UpdateTable', { TableName: 'T:hash' })),
  c('other: an operation that nobody knows', raw('FetchItem', '{}')),
  c('other: an operation in other letters', raw('getitem', '{}')),
  c('other: an older version', raw('GetItem', '{}', { target: 'DynamoDB_20111205.GetItem' })),
  c('other: the prefix of Streams', raw('ListStreams', '{}', { target: 'DynamoDBStreams_20120810.ListStreams' })),
  c(
    'other: an item operation under the prefix of Streams',
    raw('PutItem', '{"TableName":"T:hash","Item":{"pk":{"S":"@S"}}}', { target: 'DynamoDBStreams_20120810.PutItem' }),
    get(K),
  ),
];
