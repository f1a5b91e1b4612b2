import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tablesIn } from './parse';
import { soleTable } from './sole-table';

const of = (text: string) => soleTable(Buffer.from(text))?.name ?? null;
const saysStrength = (text: string) => soleTable(Buffer.from(text))?.saysConsistentRead;
const OTHERS = ['ResourceArn', 'SourceTableName', 'TargetTableName', 'TableArn'];
const names = fc.constantFrom('TableName', ...OTHERS, 'Item', 'Key', 'ReturnValues', 'ConsistentRead', 'T', '');
const spaces = fc.constantFrom('', ' ', '\n', '\t\r ');
const values = fc.oneof(
  fc.json(),
  fc.constantFrom('"orders"', '"arn:aws:dynamodb:eu:1:table/orders"', '"or\\u0064ers"'),
);

const tables = fc.tuple(fc.constant('TableName'), fc.constant('"orders"'), spaces);
const others = fc.tuple(fc.constantFrom('Item', 'Key', 'ConsistentRead', 'T'), values, spaces);

/** An object as a client may write it: members in any order, also twice, blanks anywhere between; half of them name one table. */
const bodies = fc
  .oneof(
    fc.array(fc.tuple(names, values, spaces), { maxLength: 6 }),
    fc
      .tuple(tables, fc.array(others, { maxLength: 4 }), fc.nat({ max: 4 }))
      .map(([table, rest, at]) => [...rest.slice(0, at), table, ...rest.slice(at)]),
  )
  .map(
    (members) => `{${members.map(([name, value, s]) => `${s}${JSON.stringify(name)}${s}:${s}${value}${s}`).join(',')}}`,
  );

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

describe('the table of a request', () => {
  it('is found in bodies as clients write them', () => {
    expect(of('{"TableName":"orders","Key":{"pk":{"S":"a"}}}')).toBe('orders');
    expect(
      of(' { "Item" : {"n":{"N":"-1.5e3"},"l":{"L":[{"BOOL":true},{"NULL":true}]}} , "TableName" : "a.b-c_d" } '),
    ).toBe('a.b-c_d');
    expect(of(`{"Item":{"s":{"S":"${'x'.repeat(5_000)}\\\\"}},"TableName":"orders"}`)).toBe('orders');
    expect(of('{"Item":{"TableName":{"S":"other"}},"TableName":"orders"}')).toBe('orders');
  });

  it.each([
    ['nothing', ''],
    ['no object', '["TableName","a"]'],
    ['none', '{"Key":{}}'],
    ['two', '{"TableName":"a","TableName":"a"}'],
    ['an escaped name', '{"TableName":"\\u0061"}'],
    ['an escaped member', '{"\\u0054ableName":"b","TableName":"a"}'],
    ['another member that names a table', '{"TableName":"a","TableArn":"b"}'],
    ['a name that is no text', '{"TableName":1}'],
    ['something behind', '{"TableName":"a"}{"TableName":"b"}'],
    ['no end', '{"TableName":"a"'],
    ['a comment', '{"TableName":"a","Key":{/* "*/}}'],
    ['other quotes', `{"TableName":"a","Key":{'"':1}}`],
    ['no comma', '{"TableName":"a" "Key":{}}'],
    ['a byte order mark', '\ufeff{"TableName":"a"}'],
    ['a string without end', '{"TableName":"a","Key":{"x":"\\"}}'],
  ])('is left to a parser where there is %s', (_what, text) => {
    expect(of(text)).toBeNull();
  });

  it('comes with whether the read says how strong it is to be', () => {
    expect(saysStrength('{"TableName":"a","Key":{}}')).toBe(false);
    expect(saysStrength('{"Key":{},"ConsistentRead":true,"TableName":"a"}')).toBe(true);
    expect(saysStrength('{"TableName":"a","ConsistentRead" : false}')).toBe(true);
    expect(saysStrength('{"TableName":"a","Key":{"ConsistentRead":{"S":"true"}}}')).toBe(false);
    expect(saysStrength('{"TableName":"a","\\u0043onsistentRead":true}')).toBeUndefined();
  });

  it('is the one that a parser finds, or is left to it', () => {
    let found = 0;
    fc.assert(
      fc.property(bodies, fc.nat(), fc.constantFrom('"', '\\', '}', '{', ',', ':', "'", 'x', ''), (text, at, other) => {
        for (const one of [text, `${text.slice(0, at % text.length)}${other}${text.slice((at % text.length) + 1)}`]) {
          const name = of(one);
          const input = parsed(one);
          if (name === null || input === undefined) continue;
          found += 1;
          expect(tablesIn('PutItem', input as { [name: string]: unknown })).toEqual([name]);
          expect(saysStrength(one)).toBe(Object.hasOwn(input as object, 'ConsistentRead'));
        }
      }),
      { numRuns: 1_000 },
    );
    expect(found).toBeGreaterThan(200);
  });
});
