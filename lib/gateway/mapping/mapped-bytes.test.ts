import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoreTarget, StoreWire, WireOutcome, WireRequest } from '@/lib/adapters/ports';
import type { WireItem } from '@/lib/domain/item/item';
import { type Mapping, mapItem } from '@/lib/domain/mapping/mapping';
import { anyItem } from '@/lib/testing/item-arbitrary';
import { bodyForTarget, bodyFromTarget } from './mapped-bytes';
import { MappedTables, mappedWire } from './mapped-wire';

const CREATED: Mapping[] = [{ attribute: 'created', kind: 'epoch_seconds' }];
const tables: Record<string, Mapping[]> = { orders: CREATED, 'a"b': CREATED };
const of = (table: string) => tables[table];
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const read = (body: Buffer): unknown => JSON.parse(body.toString());

const items = fc.array(
  fc
    .tuple(anyItem, fc.option(fc.constantFrom({ N: '1700000000' }, { S: '2023-11-14T22:13:20Z' }, { N: '0.5' })))
    .map(([item, created]): WireItem => (created === null ? item : { ...item, created })),
  { minLength: 1, maxLength: 3 },
);
const name = fc.constantFrom('orders', 'a"b', 'plain');

describe('bodies for the target and from it', () => {
  it('have each item in the form of their side, whatever the operation, and nothing else changed', () => {
    fc.assert(
      fc.property(items, name, (ours, table) => {
        const [first] = ours as [WireItem];
        const there = ours.map((item) => mapItem(item, of(table) ?? []));
        const request = { TableName: table, Key: { pk: first } };
        const answered: [string, unknown, (list: WireItem[]) => unknown][] = [
          ['GetItem', request, ([one]) => ({ Item: one, ConsumedCapacity: { TableName: table } })],
          ['UpdateItem', request, ([one]) => ({ Attributes: one })],
          ['PutItem', { TableName: table, Item: first }, ([one]) => ({ __type: 'x#Failed', message: 'no', Item: one })],
          ['Query', request, (list) => ({ Items: list, Count: list.length, LastEvaluatedKey: first })],
          ['Scan', request, (list) => ({ Items: list, ScannedCount: 1 })],
          [
            'BatchGetItem',
            { RequestItems: { other: { Keys: [] }, [table]: { Keys: [] } } },
            (list) => ({ Responses: { other: [first], [table]: list }, UnprocessedKeys: {} }),
          ],
          [
            'BatchWriteItem',
            { RequestItems: { [table]: [] } },
            (list) => ({ UnprocessedItems: { [table]: list.map((Item) => ({ PutRequest: { Item } })), other: [] } }),
          ],
          [
            'TransactGetItems',
            { TransactItems: [{ Get: { TableName: 'other' } }, ...ours.map(() => ({ Get: { TableName: table } }))] },
            (list) => ({ Responses: [{ Item: first }, ...list.map((Item) => ({ Item }))] }),
          ],
          [
            'TransactWriteItems',
            { TransactItems: [{ Delete: { TableName: 'other' } }, ...ours.map(() => ({ Put: { TableName: table } }))] },
            (list) => ({ CancellationReasons: [{ Code: 'None' }, ...list.map((Item) => ({ Code: 'x', Item }))] }),
          ],
        ];
        for (const [operation, asked, answer] of answered) {
          const said = bodyFromTarget(operation, bytes(answer(there)), { request: bytes(asked), of });
          expect(read(said)).toEqual(read(bytes(answer(ours))));
        }
        const sent: [string, (list: WireItem[]) => unknown][] = [
          ['PutItem', ([one]) => ({ TableName: table, Item: one })],
          [
            'BatchWriteItem',
            (list) => ({
              RequestItems: {
                [table]: [{ DeleteRequest: { Key: first } }, ...list.map((Item) => ({ PutRequest: { Item } }))],
              },
            }),
          ],
          [
            'TransactWriteItems',
            (list) => ({
              TransactItems: [
                { Delete: { TableName: table, Key: first } },
                ...list.map((Item) => ({ Put: { TableName: table, Item } })),
              ],
            }),
          ],
        ];
        for (const [operation, body] of sent) {
          expect(read(bodyForTarget(operation, bytes(body(ours)), of))).toEqual(read(bytes(body(there))));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are the very bytes where no attribute of theirs is mapped', () => {
    const body = Buffer.from(
      '{ "TableName":"orders", "Item":{"2":{"S":"b"},"10":{"N":"1E3"},"created":{"NULL":true}} }',
    );
    expect(bodyForTarget('PutItem', body, of)).toBe(body);
    const other = bytes({ TableName: 'plain', Item: { created: { N: '1700000000' } } });
    expect(bodyForTarget('PutItem', other, of)).toBe(other);
    expect(bodyFromTarget('GetItem', other, { request: other, of })).toBe(other);
  });

  it('keep the order and spelling of what is beside a mapped attribute', () => {
    const body = Buffer.from(
      '{"TableName":"orders","Item":{"2":{"N":"1E3"},"created":{"N":"0"},"10":{"S":"\\u0041"}}}',
    );
    expect(bodyForTarget('PutItem', body, of).toString()).toBe(
      '{"TableName":"orders","Item":{"2":{"N":"1E3"},"created":{"S":"1970-01-01T00:00:00Z"},"10":{"S":"\\u0041"}}}',
    );
  });
});

describe('a mapped wire', () => {
  function wireOf(outcome: Partial<WireOutcome>) {
    const seen: WireRequest[] = [];
    const send = async (request: WireRequest) => {
      seen.push(request);
      return { kind: 'ok', status: 200, headers: {}, body: Buffer.from('{}'), ...outcome } as WireOutcome;
    };
    const wire: StoreWire = { target: {} as StoreTarget, send, inFlight: () => 0, close: async () => {} };
    return { wire, seen };
  }
  const get = { operation: 'GetItem', body: bytes({ TableName: 'orders', Key: {} }), payloadHash: 'h' };
  const answer = bytes({ Item: { created: { S: '1970-01-01T00:00:00Z' } } });

  it('drops hashes that spoke of other bytes, of requests and of answers', async () => {
    const mapped = new MappedTables();
    mapped.set('orders', CREATED);
    const { wire, seen } = wireOf({ headers: { 'x-amz-crc32': '1', 'x-amzn-requestid': 'r' }, body: answer });
    const said = await mappedWire(wire, mapped).send(get);
    expect(said).toMatchObject({ headers: { 'x-amzn-requestid': 'r' } });
    expect(said.headers).not.toHaveProperty('x-amz-crc32');
    expect(read(said.body as Buffer)).toEqual({ Item: { created: { N: '0' } } });
    expect(seen[0]).toBe(get);
    const put = { ...get, operation: 'PutItem', body: bytes({ TableName: 'orders', Item: { created: { N: '0' } } }) };
    await mappedWire(wire, mapped).send(put);
    expect(seen[1]).toMatchObject({ payloadHash: undefined });
  });

  it('leaves alone what no table of it is mapped for, and refusals that are no JSON', async () => {
    const mapped = new MappedTables();
    mapped.set('orders', CREATED);
    for (const body of ['<html>', '{"Item": no', '']) {
      const { wire } = wireOf({ kind: 'refused', status: 502, body: Buffer.from(body) } as Partial<WireOutcome>);
      expect((await mappedWire(wire, mapped).send(get)).body?.toString()).toBe(body);
    }
    mapped.set('orders', []);
    const { wire } = wireOf({ body: answer });
    expect((await mappedWire(wire, mapped).send(get)).body).toBe(answer);
  });
});
