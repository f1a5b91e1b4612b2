import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { equal } from '@/lib/domain/item/compare';
import { isExpired } from '@/lib/domain/item/expiry';
import { type KeySchema, setAttribute, type WireItem } from '@/lib/domain/item/item';
import { keyFromId, keyId } from '@/lib/domain/item/key';
import { itemBytes } from '@/lib/domain/item/size';
import { anyItem, anyKeyedItem } from '@/lib/testing/item-arbitrary';
import { anySpelling } from '@/lib/testing/json-spelling';
import type { StoreWire, WireOutcome, WireRequest } from '../../ports';
import { readBatch } from './batch-read';
import { writeBody, writeSlices } from './batch-slices';
import { cutItems, cutList, type ItemCuts, STRIDE } from './cut-items';
import { ItemImage, sameImage } from './item-image';
import { KeyWriter, keyPlacesOf } from './item-key';
import { readPage } from './scan-slices';
import { bytesOfItems } from './sliced-item';
import { cutListSource } from './wasm/assemble';
import { WasmCutter } from './wasm/wasm-cutter';

const schema: KeySchema = { partition: { name: 'pk', type: 'S' }, sort: { name: 'sk', type: 'N' } };
const places = keyPlacesOf(schema, 'expires');
const idOf = (item: WireItem, of = schema): string => {
  const id = keyId(item, of);
  if (!id.ok) throw new Error(id.error.reason);
  return id.value;
};
const page = (text: string) => readPage(Buffer.from(text), places);

const anyPage = fc.record({
  Items: fc.uniqueArray(anyKeyedItem, { maxLength: 4, selector: (item) => idOf(item) }),
  ScannedCount: fc.nat(),
  'a "strange" mémber{[': anyItem,
  LastEvaluatedKey: fc.constant({ pk: { S: '}]"' }, sk: { N: '1' } }),
  ConsumedCapacity: fc.constant({ TableName: 'x', CapacityUnits: 12.5 }),
});

describe('items cut from an answer', () => {
  test('are what JSON.parse makes of it, however it is spelt and wherever it lies in its buffer', () => {
    fc.assert(
      fc.property(anySpelling(anyPage), fc.nat(40), (text, shift) => {
        const body = Buffer.from(' '.repeat(shift) + text);
        const truth = JSON.parse(text) as { Items: WireItem[]; LastEvaluatedKey: WireItem };
        const cut = readPage(body, places);
        expect(cut?.cursor).toEqual(truth.LastEvaluatedKey);
        expect(cut?.consumedUnits).toBe(12.5);
        const living = cut?.items ?? [];
        expect(living.map((one) => JSON.stringify(JSON.parse(one.image.text)))).toEqual(
          truth.Items.map((item) => JSON.stringify(item)),
        );
        expect(living.map((one) => one.keyId)).toEqual(truth.Items.map((item) => idOf(item)));
        if (truth.Items.length <= 8) {
          expect(bytesOfItems(living)).toBe(truth.Items.reduce((sum, item) => sum + itemBytes(item), 0));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('are refused whenever JSON.parse refuses the answer, and never cut at another place', () => {
    const anyEdit = fc.record({
      at: fc.nat(),
      kind: fc.constantFrom('set' as const, 'cut' as const, 'double' as const, 'truncate' as const),
      byte: fc.constantFrom(...Buffer.from('{}[]",:\\ue0-+.1tfn \n\u0000x'), 0x80, 0xc3, 0xff),
    });
    let refused = 0;
    let taken = 0;
    fc.assert(
      fc.property(anySpelling(anyPage), fc.array(anyEdit, { minLength: 1, maxLength: 3 }), (text, edits) => {
        let bytes = [...Buffer.from(text)];
        for (const edit of edits) {
          const at = edit.at % (bytes.length + 1);
          if (edit.kind === 'set') bytes[at] = edit.byte;
          else if (edit.kind === 'cut') bytes.splice(at, 1);
          else if (edit.kind === 'double') bytes.splice(at, 0, bytes[at] ?? 0x20);
          else bytes = bytes.slice(0, at);
        }
        const body = Buffer.from(bytes);
        const cut = cutItems(body, { member: 'Items' }, places.wanted);
        const reference = cutItems(body, { member: 'Items' }, places.wanted, null);
        expect(cut && [numbersOf(cut.items), [...cut.members]]).toEqual(
          reference && [numbersOf(reference.items), [...reference.members]],
        );
        const start = Math.max(0, body.indexOf('['));
        const [fast, slow] = [cutter.cut(body, start, places.wanted), cutList(body, start, places.wanted)];
        // The fast cutter gives up where a name is escaped; what it cuts it cuts as the other, to the place behind it.
        if (fast === null) expect(slow === null || body.includes('\\')).toBe(true);
        else expect([fast.end, numbersOf(fast.items)]).toEqual([slow?.end, slow && numbersOf(slow.items)]);
        const truth = truthOf(body);
        if (cut === null) refused += 1;
        else taken += 1;
        if (truth === null) {
          expect(cut).toBeNull();
          return;
        }
        // What JSON.parse reads is refused only where it says something twice.
        if (cut === null) {
          expect(hasDoubles(body)).toBe(true);
          return;
        }
        const { offsets, count } = cut.items;
        const items = Array.from({ length: count }, (_, at) =>
          body.toString('utf8', offsets[at * STRIDE], offsets[at * STRIDE + 1]),
        );
        expect(items.map((one) => JSON.stringify(JSON.parse(one)))).toEqual(truth.map((item) => JSON.stringify(item)));
        for (const [at, item] of truth.entries()) {
          for (const [which, name] of places.wanted.names.entries()) {
            const start = offsets[at * STRIDE + 2 + 2 * which] as number;
            const end = offsets[at * STRIDE + 3 + 2 * which] as number;
            if (end === 0) expect(Object.hasOwn(item, name)).toBe(false);
            else expect(JSON.parse(body.toString('utf8', start, end))).toEqual(item[name]);
          }
        }
      }),
      { numRuns: 1_500 },
    );
    expect(refused).toBeGreaterThan(300);
    expect(taken).toBeGreaterThan(100);
  });

  const cutter = WasmCutter.create() as WasmCutter;
  const numbersOf = ({ offsets, count }: ItemCuts) => [...offsets.subarray(0, count * STRIDE)];

  test('is assembled from its source', () => {
    expect(readFileSync(new URL('./wasm/cut-list.ts', import.meta.url), 'utf8')).toBe(cutListSource());
  });

  /** The items by JSON.parse, or null where the answer is no page of items. */
  function truthOf(body: Buffer): WireItem[] | null {
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
      const answer = JSON.parse(text) as { Items?: unknown };
      const isObject = (one: unknown) => typeof one === 'object' && one !== null && !Array.isArray(one);
      if (!isObject(answer) || !Array.isArray(answer.Items) || !answer.Items.every(isObject)) return null;
      return answer.Items as WireItem[];
    } catch {
      return null;
    }
  }

  /** Whether a name of the answer, or a wanted name of an item, stands twice: found by counting names as they are parsed. */
  function hasDoubles(body: Buffer): boolean {
    const text = body.toString('utf8');
    const named = (name: string) => {
      let count = 0;
      for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:/g)) {
        if (JSON.parse(match[0].slice(0, match[0].lastIndexOf('"') + 1)) === name) count += 1;
      }
      return count;
    };
    const truth = truthOf(body) ?? [];
    const members = Object.keys(JSON.parse(text) as object);
    return [...members, ...places.wanted.names].some(
      (name) => named(name) > (members.includes(name) ? 1 : truth.length),
    );
  }

  test.each([
    ['a name that is escaped', '{"Items":[{"\\u0070k":{"S":"a"},"sk":{"N":"1"}}]}', ['["S#a","N#1"]']],
    [
      'a name with a wanted one in it',
      '{"Items":[{"pk2":{"S":"x"},"pk":{"S":"a"},"sk":{"N":"1"}}]}',
      ['["S#a","N#1"]'],
    ],
    [
      'a nested name like a key',
      '{"Items":[{"m":{"M":{"pk":{"S":"x"}}},"pk":{"S":"a"},"sk":{"N":"1"}}]}',
      ['["S#a","N#1"]'],
    ],
    ['braces in strings', '{"Items":[{"pk":{"S":"}]{\\"["},"sk":{"N":"1"}}]}', ['["S#}]{\\"[","N#1"]']],
    ['a number in another spelling', '{"Items":[{"pk":{"S":"a"},"sk":{"N":"1e3"}}]}', ['["S#a","N#1000"]']],
    [
      'an attribute named __proto__',
      '{"Items":[{"__proto__":{"S":"x"},"pk":{"S":"a"},"sk":{"N":"1"}}]}',
      ['["S#a","N#1"]'],
    ],
    ['no items and a cursor', '{"Items":[],"Count":0,"LastEvaluatedKey":{"pk":{"S":"a"},"sk":{"N":"1"}}}', []],
  ])('%s', (_what, text, ids) => expect(page(text)?.items.map((one) => one.keyId)).toEqual(ids));

  test.each([
    ['a key attribute twice', '{"Items":[{"pk":{"S":"a"},"pk":{"S":"b"},"sk":{"N":"1"}}]}'],
    ['a key attribute twice, once escaped', '{"Items":[{"pk":{"S":"a"},"\\u0070k":{"S":"b"},"sk":{"N":"1"}}]}'],
    ['two lists of items', '{"Items":[],"Items":[]}'],
    ['an item without its sort key', '{"Items":[{"pk":{"S":"a"}}]}'],
    ['a key of another type', '{"Items":[{"pk":{"N":"1"},"sk":{"N":"1"}}]}'],
    ['an empty key', '{"Items":[{"pk":{"S":""},"sk":{"N":"1"}}]}'],
    ['a key that is a list', '{"Items":[{"pk":[],"sk":{"N":"1"}}]}'],
    ['fewer items than counted', '{"Items":[],"Count":1}'],
    ['a cursor that is none', '{"Items":[],"LastEvaluatedKey":"x"}'],
    ['no list', '{"Items":{}}'],
    ['no items', '{"Count":0}'],
    ['an item that is none', '{"Items":[1]}'],
    ['something behind it', '{"Items":[]}{}'],
    ['a byte order mark', '\ufeff{"Items":[]}'],
    ['nothing', ''],
  ])('a page with %s is unreadable', (_what, text) => expect(page(text)).toBeNull());

  test('bytes that are no UTF-8 are unreadable', () => {
    const body = Buffer.from('{"Items":[{"pk":{"S":"a"},"sk":{"N":"1"},"t":{"S":"?"}}]}');
    expect(readPage(body, places)).not.toBeNull();
    body[body.indexOf(0x3f)] = 0xff;
    expect(readPage(body, places)).toBeNull();
  });

  test('nesting beyond what is followed is unreadable, what DynamoDB allows is not', () => {
    const deep = (levels: number) =>
      `{"Items":[{"pk":{"S":"a"},"sk":{"N":"1"},"d":${'{"L":['.repeat(levels)}{"S":"x"}${']}'.repeat(levels)}}]}`;
    expect(page(deep(32))).not.toBeNull();
    expect(page(deep(10_000))).toBeNull();
  });

  test('expire as decoded items do', () => {
    const now = Date.UTC(2026, 10, 22);
    const anyExpiry = fc.constantFrom(
      ...[-3_600, -200, 3_600, -6 * 365 * 86_400].map((seconds) => ({ N: String(now / 1000 + seconds) })),
      { S: '1' },
      { N: 'x' },
      { N: '1.5e9' },
    );
    const rule = { attribute: 'expires' };
    fc.assert(
      fc.property(
        anySpelling(
          fc.record({
            Items: fc.tuple(
              fc.record(
                { pk: fc.constant({ S: 'a' }), sk: fc.constant({ N: '1' }), expires: anyExpiry },
                { requiredKeys: ['pk', 'sk'] },
              ),
            ),
          }),
        ),
        (text) => {
          const [item] = (JSON.parse(text) as { Items: [WireItem] }).Items;
          expect(page(text)?.items[0]?.isExpired(rule, now)).toBe(isExpired(item, rule, now));
        },
      ),
    );
    const byKey = keyPlacesOf(schema, 'sk');
    const past = `{"Items":[{"pk":{"S":"a"},"sk":{"N":"${now / 1000 - 3_600}"}}]}`;
    expect(readPage(Buffer.from(past), byKey)?.items[0]?.isExpired({ attribute: 'sk' }, now)).toBe(true);
  });
});

describe('keys', () => {
  const anyKey = fc.oneof(
    fc.tuple(
      fc.constant('S' as const),
      fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ minLength: 1 })),
    ),
    fc.tuple(
      fc.constant('N' as const),
      fc.oneof(
        fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }).map(String),
        fc.constantFrom('-0', '0', '007', '1.50', '1e3', '-5'),
      ),
    ),
    fc.tuple(
      fc.constant('B' as const),
      fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    ),
  );
  test('have the same id cut as decoded, and are written from it as they were', () => {
    fc.assert(
      fc.property(
        anyKey,
        fc.option(anyKey),
        fc.constantFrom('pk', '__proto__', 'schlüssel "1"', 'a\\b'),
        (one, two, name) => {
          const of: KeySchema = {
            partition: { name, type: one[0] },
            sort: two === null ? null : { name: 'sort', type: two[0] },
          };
          const item: WireItem = {};
          setAttribute(item, name, { [one[0]]: one[1] });
          if (two !== null) setAttribute(item, 'sort', { [two[0]]: two[1] });
          const id = keyId(item, of);
          const cut = readPage(Buffer.from(JSON.stringify({ Items: [item] })), keyPlacesOf(of, null));
          if (!id.ok) {
            expect(cut).toBeNull();
            return;
          }
          expect(cut?.items[0]?.keyId).toBe(id.value);
          expect(JSON.stringify(JSON.parse(new KeyWriter(of).json(id.value)))).toBe(
            JSON.stringify(keyFromId(id.value, of)),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('images', () => {
  test('are the same exactly when their items are equal', () => {
    const shuffled = (item: WireItem) =>
      fc
        .shuffledSubarray(Object.entries(item), { minLength: Object.keys(item).length })
        .map((all) => Object.fromEntries(all) as WireItem);
    const withOther = anyKeyedItem.chain((item) =>
      fc.tuple(fc.constant(item), fc.oneof(shuffled(item), anyKeyedItem, changed(item))),
    );
    fc.assert(
      fc.property(withOther, ([first, second]) => {
        const images = [first, second].map((item) => ItemImage.of(item)) as [ItemImage, ItemImage];
        const decoded = images.map((image) => new ItemImage(image.body, image.start, image.end)) as [
          ItemImage,
          ItemImage,
        ];
        expect(sameImage(...decoded)).toBe(equal(first, second));
      }),
      { numRuns: 500 },
    );
  });

  function changed(item: WireItem): fc.Arbitrary<WireItem> {
    return fc.constantFrom(...Object.keys(item)).chain((name) =>
      fc.constantFrom<WireItem[string]>({ S: 'changed' }, { N: '1' }, { NULL: true }).map((value) => {
        const other = Object.fromEntries(Object.entries(item)) as WireItem;
        setAttribute(other, name, value);
        return other;
      }),
    );
  }

  test.each<[string, string, string, boolean]>([
    ['sets in another order', '{"a":{"SS":["x","y"]}}', '{"a":{"SS":["y","x"]}}', true],
    ['numbers in another spelling', '{"a":{"N":"1e2"}}', '{"a":{"N":"100"}}', true],
    [
      'a nested map in another order',
      '{"a":{"M":{"b":{"S":""},"c":{"N":"1"}}}}',
      '{"a":{"M":{"c":{"N":"1.0"},"b":{"S":""}}}}',
      true,
    ],
    ['names escaped', '{"a":{"S":"x"}}', '{"\\u0061":{"S":"x"}}', true],
    ['text escaped', '{"a":{"S":"😀"}}', '{"a":{"S":"\\ud83d\\ude00"}}', true],
    ['a list in another order', '{"a":{"L":[{"S":"x"},{"S":"y"}]}}', '{"a":{"L":[{"S":"y"},{"S":"x"}]}}', false],
    ['another type', '{"a":{"N":"1"}}', '{"a":{"S":"1"}}', false],
    ['one attribute more', '{"a":{"S":"x"}}', '{"a":{"S":"x"},"b":{"NULL":true}}', false],
    ['another name', '{"a":{"S":"x"},"b":{"S":"x"}}', '{"a":{"S":"x"},"c":{"S":"x"}}', false],
    ['a name twice: the last counts', '{"a":{"S":"x"},"a":{"S":"y"}}', '{"a":{"S":"y"}}', true],
    ['a name twice, the other item has two', '{"a":{"S":"x"},"a":{"S":"y"}}', '{"a":{"S":"x"},"b":{"S":"y"}}', false],
    ['__proto__ that differs', '{"__proto__":{"S":"x"}}', '{"__proto__":{"S":"y"}}', false],
    ['no attributes', '{}', '{ }', true],
  ])('%s', (_what, first, second, isSame) => {
    const image = (text: string) => new ItemImage(Buffer.from(text), 0, Buffer.byteLength(text));
    expect(sameImage(image(first), image(second))).toBe(isSame);
    expect(sameImage(image(second), image(first))).toBe(isSame);
    expect(sameImage(image(first), null)).toBe(false);
    expect(sameImage(null, null)).toBe(true);
  });

  test.each([0, -1])('go into a batch as they were cut, beside a delete at %i', (deletedAt) => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyKeyedItem, { minLength: 2, maxLength: 5, selector: (item) => idOf(item) }),
        (items) => {
          const body = Buffer.from(JSON.stringify({ Items: items }));
          const living = readPage(body, places)?.items ?? [];
          const entries = living.map(({ keyId: id, image }, at) => ({
            keyId: id,
            image: at === deletedAt ? null : image,
          }));
          const sent = writeBody({ table: 'a "table"', schema, entries });
          const expected = items.map((item, at) =>
            at === deletedAt
              ? { DeleteRequest: { Key: keyFromId(idOf(item), schema) } }
              : { PutRequest: { Item: item } },
          );
          expect(sent.toString()).toBe(JSON.stringify({ RequestItems: { 'a "table"': expected } }));
        },
      ),
      { numRuns: 100 },
    );
  });
});

test('the memory of a batch is used again only after a whole answer to it', async () => {
  const unknown = { kind: 'unknown', cause: 'timeout', status: null, headers: {}, body: null, message: '' } as const;
  const written = { kind: 'ok', status: 200, headers: {}, body: Buffer.from('{"UnprocessedItems":{}}') } as const;
  const sent: { memory: ArrayBufferLike; text: string }[] = [];
  const outcomes: WireOutcome[] = [unknown, written, written];
  const wire = {
    send: async ({ body }: WireRequest) => {
      sent.push({ memory: (body as Buffer).buffer, text: body.toString() });
      return outcomes.shift() as WireOutcome;
    },
  } as unknown as StoreWire;
  for (const pk of ['first', 'second', 'third']) {
    const item = { pk: { S: pk }, sk: { N: '1' } };
    const entries = [{ keyId: idOf(item), image: ItemImage.of(item) }];
    await writeSlices(wire, { table: 't', schema, entries });
  }
  expect(sent.map(({ text }) => JSON.parse(text).RequestItems.t[0].PutRequest.Item.pk.S)).toEqual([
    ...['first', 'second', 'third'],
  ]);
  expect(sent[1]?.memory).not.toBe(sent[0]?.memory);
  expect(sent[2]?.memory).toBe(sent[1]?.memory);
});

describe('a batch read', () => {
  const key = (pk: string) => ({ pk: { S: pk }, sk: { N: '1' } });
  const ids = ['a', 'b', 'c'].map((pk) => idOf(key(pk)));
  const read = (answer: unknown) => readBatch(Buffer.from(JSON.stringify(answer)), { table: 't', places, keyIds: ids });

  test('tells found from left over', () => {
    const batch = read({
      Responses: { other: [], t: [{ ...key('b'), x: { S: 'y' } }] },
      UnprocessedKeys: { t: { Keys: [key('c')] } },
      ConsumedCapacity: [{ CapacityUnits: 2 }],
    });
    expect(batch?.items.map((one) => one?.item ?? one)).toEqual([null, { ...key('b'), x: { S: 'y' } }, undefined]);
    expect(batch?.consumedUnits).toBe(2);
    expect(read({ Responses: {} })?.items).toEqual([null, null, null]);
  });

  test('says the same whatever is expected, and gives the expected item back where its bytes are the same', () => {
    const anyBatch = fc.record({
      items: fc.uniqueArray(anyKeyedItem, { minLength: 1, maxLength: 8, selector: (item) => idOf(item) }),
      kinds: fc.array(fc.constantFrom('same', 'other', 'spelt', 'gone', 'left', 'unexpected'), { minLength: 8 }),
      isReversed: fc.boolean(),
    });
    fc.assert(
      fc.property(anyBatch, ({ items, kinds, isReversed }) => {
        const known = readPage(Buffer.from(JSON.stringify({ Items: items })), places)?.items ?? [];
        const keyIds = known.map((one) => one.keyId);
        const expected = known.map((one, at) => (kinds[at] === 'unexpected' ? undefined : one));
        const keyOf = ({ pk, sk }: WireItem) => ({ pk, sk }) as WireItem;
        const there = items.flatMap((item, at) => {
          if (kinds[at] === 'gone' || kinds[at] === 'left') return [];
          if (kinds[at] === 'other') return [{ ...item, another: { S: 'x' } }];
          return [kinds[at] === 'spelt' ? Object.fromEntries(Object.entries(item).reverse()) : item];
        });
        if (isReversed) there.reverse();
        const Keys = items.filter((_, at) => kinds[at] === 'left').map(keyOf);
        const body = Buffer.from(JSON.stringify({ Responses: { t: there }, UnprocessedKeys: { t: { Keys } } }));
        const plain = readBatch(body, { table: 't', places, keyIds })?.items;
        const compared = readBatch(body, { table: 't', places, keyIds, expected })?.items;
        expect(compared?.map((one) => one?.text ?? one)).toEqual(plain?.map((one) => one?.text ?? one));
        for (const [at, one] of (compared ?? []).entries()) {
          if (kinds[at] === 'same') expect(one).toBe(known[at]);
          else expect(one?.body === body).toBe(one !== null && one !== undefined && one !== known[at]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('reads an answer of nothing but expected items as any other: broken off or mended, it is refused', () => {
    const known = ['a', 'b', 'c'].map((pk) => ({
      ...key(pk),
      text: { S: `${pk} and so on for more than forty bytes` },
    }));
    const expected = readPage(Buffer.from(JSON.stringify({ Items: known })), places)?.items ?? [];
    const said = (list: string, rest = '},"UnprocessedKeys":{}}') =>
      readBatch(Buffer.from(`{"Responses":{"t":${list}${rest}`), { table: 't', places, keyIds: ids, expected });
    const [a = '', b = '', c = ''] = known.map((one) => JSON.stringify(one));
    for (const order of [
      [a, b, c],
      [c, a, b],
      [b, a],
      [a, c, c],
    ]) {
      const found = said(`[${order.join()}]`)?.items;
      expect(found).toEqual([a, b, c].map((text, at) => (order.includes(text) ? expected[at] : null)));
    }
    expect(said(`[ ${a}, ${b} ]`)?.items).toEqual([expected[0], expected[1], null]);
    for (const list of [
      `[${a},${b}`,
      `[${a},]`,
      `[${a}${b}]`,
      `[${a},${b}}`,
      `[${a.slice(0, -1)},${b}]`,
      `${a}]`,
      `[${a}]]`,
    ]) {
      expect(said(list)).toBeNull();
    }
    expect(said(`[${a}]`, '')).toBeNull();
  });

  test('tells apart items whose keys share a number', () => {
    const pairs = Array.from({ length: 60 }, (_, at) => ({
      ...key(`${'p'.repeat(at + 1)}-the same end`),
      n: { N: `${at}` },
    }));
    const expected = readPage(Buffer.from(JSON.stringify({ Items: pairs })), places)?.items ?? [];
    expect(new Set(expected.map((one) => one.keyHash)).size).toBe(1);
    const body = Buffer.from(JSON.stringify({ Responses: { t: [...pairs].reverse() } }));
    const batch = readBatch(body, { table: 't', places, keyIds: expected.map((one) => one.keyId), expected });
    expect(batch?.items.every((one, at) => one === expected[at])).toBe(true);
  });

  test.each([
    ['nothing', {}],
    ['no list', { Responses: { t: 'x' } }],
    ['an item nobody asked for', { Responses: { t: [key('z')] } }],
    ['an item without its key', { Responses: { t: [{ pk: { S: 'a' } }] } }],
    ['a key left over that nobody asked for', { Responses: {}, UnprocessedKeys: { t: { Keys: [key('z')] } } }],
  ])('answered with %s is unreadable', (_what, answer) => expect(read(answer)).toBeNull());
});
