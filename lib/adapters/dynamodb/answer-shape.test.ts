import { describe, expect, it } from 'vitest';
import { rubbishIn } from './answer-shape';

const answer = (body: string, type: string | undefined = 'application/x-amz-json-1.0') => ({
  headers: (type === '' ? {} : { 'content-type': type }) as Record<string, string>,
  body: Buffer.from(body),
});

describe('a 200 that is no answer', () => {
  it.each([
    ['PutItem', '', 'the answer is empty'],
    ['GetItem', '', 'the answer is empty'],
    ['GetItem', '{"message":"under maintenance"}', 'a failure in a success'],
    ['PutItem', '{"__type":"x#InternalServerError","message":"no"}', 'a failure in a success'],
    ['TransactWriteItems', '{"errors":["no"]}', 'a failure in a success'],
    ['GetItem', '{"Item":[]}', 'the item is no object'],
    ['GetItem', '{"Item":null}', 'the item is no object'],
    ['GetItem', '{"Item":', 'the answer is no JSON'],
    ['Query', '{}', 'the answer lacks Count'],
    ['Scan', '{"Items":[]}', 'the answer lacks Count'],
    ['BatchGetItem', '{}', 'the answer lacks Responses'],
    ['TransactGetItems', '{"message":"no"}', 'the answer lacks Responses'],
    ['BatchWriteItem', '{}', 'the answer lacks UnprocessedItems'],
  ])('%s %s', (operation, body, why) => {
    expect(rubbishIn(operation, answer(body))).toBe(why);
  });

  it('is one of another type too', () => {
    expect(rubbishIn('GetItem', answer('{}', 'text/html'))).toBe('the answer is of another type');
  });
});

describe('an answer', () => {
  it.each([
    ['PutItem', '{}'],
    ['GetItem', '{}'],
    ['GetItem', '{"Item":{"message":{"S":"an attribute of this name"}}}'],
    ['GetItem', '{"ConsumedCapacity":{"TableName":"t"}}'],
    ['UpdateItem', '{"Attributes":{"error":{"S":"x"}}}'],
    // Whatever a store adds of its own.
    ['PutItem', '{"RequestId":"1"}'],
    ['Query', '{"Count":0,"Items":[],"ScannedCount":0}'],
    ['BatchGetItem', '{"Responses":{},"UnprocessedKeys":{}}'],
    ['BatchWriteItem', '{"UnprocessedItems":{}}'],
    // Operations on tables are judged by whoever asks.
    ['TagResource', ''],
    ['ListTables', '{}'],
  ])('%s %s', (operation, body) => {
    expect(rubbishIn(operation, answer(body))).toBeNull();
  });

  it('may be of a type that is not said, or of plain JSON', () => {
    expect(rubbishIn('GetItem', answer('{}', ''))).toBeNull();
    expect(rubbishIn('GetItem', answer('{}', 'application/json; charset=utf-8'))).toBeNull();
  });
});
