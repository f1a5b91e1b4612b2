import fc from 'fast-check';
import type { AttributeValue, WireItem } from '@/lib/domain/item/item';
import { setAttribute } from '@/lib/domain/item/item';

/** Arbitrary items of all ten types as DynamoDB would accept them, awkward attribute names included. */

const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max });

/** Numbers in many spellings: signs, leading and trailing zeros, exponents, up to 38 digits. */
export const anyNumber: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.constantFrom('', '0', '00'),
    fc.tuple(fc.constantFrom(...'123456789'), digits(0, 36)).map(([first, rest]) => first + rest),
    fc.integer({ min: 0, max: 37 }),
    fc.integer({ min: -80, max: 80 }),
    fc.constantFrom('e', 'E', null),
  )
  .map(([sign, zeros, text, pointAt, power, mark]) => {
    const at = Math.min(pointAt, text.length);
    const mantissa = at === text.length ? text : `${text.slice(0, at)}.${text.slice(at)}`;
    return `${sign}${zeros}${mantissa}${mark === null ? '' : `${mark}${power}`}`;
  });

export const anyBase64: fc.Arbitrary<string> = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));

export const anyText: fc.Arbitrary<string> = fc.string({ unit: 'grapheme', maxLength: 20 });

export const anyName: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'a.b', ' ', 'NULL') },
);

/** Own attributes whatever their names: Object.fromEntries defines, it does not assign. */
const mapOf = (value: fc.Arbitrary<AttributeValue>, max: number): fc.Arbitrary<WireItem> =>
  fc.array(fc.tuple(anyName, value), { maxLength: max }).map((entries) => Object.fromEntries(entries));

const anySet = <T>(member: fc.Arbitrary<T>, selector?: (one: T) => unknown) =>
  fc.uniqueArray(member, { minLength: 1, maxLength: 5, selector });

export const { value: anyValue } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    anyText.map((S) => ({ S })),
    anyNumber.map((N) => ({ N })),
    anyBase64.map((B) => ({ B })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ NULL: true }),
    anySet(anyText).map((SS) => ({ SS })),
    anySet(fc.integer().map(String)).map((NS) => ({ NS })),
    anySet(anyBase64).map((BS) => ({ BS })),
    fc.array(tie('value'), { maxLength: 4 }).map((L) => ({ L })),
    mapOf(tie('value'), 4).map((M) => ({ M })),
  ),
}));

export const anyItem: fc.Arbitrary<WireItem> = mapOf(anyValue, 6);

/** An item with a string partition key `pk` and a number sort key `sk`. */
export const anyKeyedItem: fc.Arbitrary<WireItem> = fc
  .tuple(anyItem, fc.string({ minLength: 1, maxLength: 20 }), anyNumber)
  .map(([item, pk, sk]) => {
    const keyed: WireItem = Object.fromEntries(Object.entries(item));
    setAttribute(keyed, 'pk', { S: pk });
    setAttribute(keyed, 'sk', { N: sk });
    return keyed;
  });
