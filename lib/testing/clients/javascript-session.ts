/** A scripted session of the AWS SDK for JavaScript v3, low level and document client, through a gateway. */
import assert from 'node:assert/strict';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, paginateScan, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';

const RETURNS = ['NONE', 'ALL_OLD', 'UPDATED_OLD', 'ALL_NEW', 'UPDATED_NEW'] as const;
const digits = '12345678901234567890123456789012345678';

export async function javascriptSession(client: DynamoDBClient, name: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
  assert.equal(Table?.TableName, name);
  await lowLevel(client, name);
  await pages(client, name);
  await transactions(client, name);
  await documents(DynamoDBDocumentClient.from(client), name);
}

async function lowLevel(client: DynamoDBClient, TableName: string): Promise<void> {
  const Key = { pk: { S: 'a' }, sk: { N: '1' } };
  const bytes = new Uint8Array([0, 255, 127]);
  const map = Object.fromEntries([['__proto__', { S: 'kept' }]]);
  await client.send(
    new PutItemCommand({ TableName, Item: { ...Key, n: { N: digits }, b: { B: bytes }, m: { M: map }, e: { S: '' } } }),
  );
  const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  assert.equal(Item?.n?.N, digits);
  assert.deepEqual([...(Item?.b?.B ?? [])], [...bytes]);
  assert.equal(Object.getOwnPropertyDescriptor(Item?.m?.M ?? {}, '__proto__')?.value.S, 'kept');
  for (const ReturnValues of RETURNS) {
    const request = { UpdateExpression: 'ADD hits :one', ExpressionAttributeValues: { ':one': { N: '1' } } };
    const { Attributes } = await client.send(new UpdateItemCommand({ TableName, Key, ...request, ReturnValues }));
    assert.equal(Attributes !== undefined, ReturnValues !== 'NONE', ReturnValues);
  }
  const { Item: after } = await client.send(new GetItemCommand({ TableName, Key }));
  assert.equal(after?.hits?.N, '5');
  const again = new PutItemCommand({
    ...{ TableName, Item: Key, ConditionExpression: 'attribute_not_exists(pk)' },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  await assert.rejects(client.send(again), { name: 'ConditionalCheckFailedException' });
}

async function pages(client: DynamoDBClient, TableName: string): Promise<void> {
  const all = Array.from({ length: 25 }, (_, at) => ({ pk: { S: 'many' }, sk: { N: String(at) } }));
  const puts = all.map((Item) => ({ PutRequest: { Item } }));
  const written = await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: puts } }));
  assert.deepEqual(written.UnprocessedItems, {});
  const found: string[] = [];
  const request = { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: 'many' } } };
  for await (const { Items = [] } of paginateQuery({ client, pageSize: 4 }, { TableName, ...request })) {
    found.push(...Items.map((item) => item.sk?.N ?? ''));
  }
  assert.deepEqual(
    found,
    all.map((item) => item.sk.N),
  );
  const got = await client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: all } } }));
  assert.equal(got.Responses?.[TableName]?.length, 25);
}

async function transactions(client: DynamoDBClient, TableName: string): Promise<void> {
  // More than TerraScale takes in one.
  const puts = Array.from({ length: 30 }, (_, at) => ({
    Put: { TableName, Item: { pk: { S: 'transact' }, sk: { N: String(at) } } },
  }));
  await client.send(new TransactWriteItemsCommand({ TransactItems: puts }));
  const check = {
    ConditionCheck: {
      ...{ TableName, Key: { pk: { S: 'none' }, sk: { N: '0' } } },
      ConditionExpression: 'attribute_exists(pk)',
    },
  };
  const refused = new TransactWriteItemsCommand({ TransactItems: [check, puts[0] as object] });
  await assert.rejects(client.send(refused), (error: { CancellationReasons?: { Code?: string }[] }) => {
    assert.deepEqual(
      error.CancellationReasons?.map(({ Code }) => Code),
      ['ConditionalCheckFailed', 'None'],
    );
    return true;
  });
}

async function documents(client: DynamoDBDocumentClient, TableName: string): Promise<void> {
  const Item = {
    pk: 'doc',
    sk: 7,
    list: [1, 'two', null],
    nested: { deep: new Set(['x']) },
    bytes: Buffer.from([1, 2]),
  };
  await client.send(new PutCommand({ TableName, Item }));
  const update = { UpdateExpression: 'SET nested.more = :v', ExpressionAttributeValues: { ':v': true } };
  const { Attributes } = await client.send(
    new UpdateCommand({ TableName, Key: { pk: 'doc', sk: 7 }, ...update, ReturnValues: 'ALL_NEW' }),
  );
  assert.deepEqual(Attributes?.nested, { deep: new Set(['x']), more: true });
  const { Items } = await client.send(
    new QueryCommand({ TableName, KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': 'doc' } }),
  );
  assert.deepEqual(Items?.[0]?.list, [1, 'two', null]);
  let scanned = 0;
  for await (const { Items: page = [] } of paginateScan({ client, pageSize: 10 }, { TableName }))
    scanned += page.length;
  assert.equal(scanned, 1 + 25 + 30 + 1);
}
