import type { AttributeValue, KeyAttribute } from '../../item/item';

/** What is written to a target and read back before a table is moved: values that stores and clients are known to bend. */
export interface RoundTripCase {
  what: string;
  value: AttributeValue;
}

/** The ten types, and what hangs on no single one of them. */
export const ROUND_TRIP_GROUPS = [
  ...['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS'],
  ...['names', 'size', 'key S', 'key N', 'key B'],
] as const;
export type RoundTripGroup = (typeof ROUND_TRIP_GROUPS)[number];

const LARGEST = '9.9999999999999999999999999999999999999E+125';
const DIGITS_38 = '12345678901234567890123456789012345678';
/** Levels of L and M that DynamoDB takes. */
const NESTED_LEVELS = 32;

const of = (what: string, value: AttributeValue): RoundTripCase => ({ what, value });
const texts = (list: readonly (readonly [string, string])[]) => list.map(([what, text]) => of(what, { S: text }));
const numbers = (list: readonly (readonly [string, string])[]) => list.map(([what, text]) => of(what, { N: text }));

function nested(): AttributeValue {
  let value: AttributeValue = { S: 'innermost' };
  for (let level = 1; level < NESTED_LEVELS; level += 1) value = level % 2 ? { L: [value] } : { M: { inner: value } };
  return value;
}

/** Values by type. All are legal in DynamoDB, so a target that refuses or changes one loses what an item may hold. */
export const VALUE_CASES: Readonly<Record<string, readonly RoundTripCase[]>> = {
  S: texts([
    ['empty text', ''],
    ['plain text', 'plain'],
    ['text that looks like a number', '007.50'],
    ['text that looks like a date', '2026-01-31T00:00:00Z'],
    ['text that looks like JSON', '{"S":"x"}'],
    ['spaces at both ends', '  x  '],
    ['control characters and NUL', '\u0000\u0001\u001f\u007f\t\r\n'],
    ['quotes and backslashes', '"\\\'`/'],
    ['a letter with an accent in two spellings', '\u00e9 e\u0301'],
    ['letters of other scripts', 'клиент 顧客 عميل'],
    ['beyond the basic plane', '😀𝒳'],
    ['noncharacters and line separators', '\uffff\ufffe\u2028\u2029'],
  ]),
  N: numbers([
    ['zero', '0'],
    ['negative zero', '-0'],
    ['one with needless zeros', '1.000'],
    ['one tenth', '0.1'],
    ['2^53 + 1', '9007199254740993'],
    ['38 digits', DIGITS_38],
    ['38 digits after the point', `0.${DIGITS_38}`],
    ['38 digits, negative', `-${DIGITS_38}`],
    ['the smallest, 1E-130', '1E-130'],
    ['the smallest, negative', '-1E-130'],
    ['the largest, 9.99…E+125', LARGEST],
    ['the largest, negative', `-${LARGEST}`],
  ]),
  B: [
    of('no bytes', { B: '' }),
    of('a zero byte', { B: 'AA==' }),
    of('bytes that are no UTF-8', { B: '//79/A==' }),
    of('bytes that read as text', { B: 'cGxhaW4=' }),
  ],
  BOOL: [of('true', { BOOL: true }), of('false', { BOOL: false })],
  NULL: [of('null', { NULL: true })],
  M: [
    of('an empty map', { M: {} }),
    of('names with dots, brackets and spaces', { M: { 'a.b': { S: 'x' }, 'a[0]': { N: '1' }, ' ': { BOOL: true } } }),
    of('a map with null, empty text and empty list', { M: { a: { NULL: true }, b: { S: '' }, c: { L: [] } } }),
    of(`${NESTED_LEVELS} levels`, nested()),
  ],
  L: [
    of('an empty list', { L: [] }),
    of('a list of every type', {
      L: [
        ...[{ S: '' }, { N: '1E-130' }, { B: '' }, { BOOL: false }, { NULL: true }, { M: {} }, { L: [] }],
        ...[{ SS: ['a'] }, { NS: ['1'] }, { BS: ['AA=='] }],
      ],
    }),
    of('equal elements twice', { L: [{ N: '1' }, { N: '1' }] }),
  ],
  SS: [of('one text', { SS: ['a'] }), of('several, one empty', { SS: ['b', 'a', 'é', '😀', ''] })],
  NS: [of('one number', { NS: ['0'] }), of('boundary numbers', { NS: ['1E-130', LARGEST, DIGITS_38, '-1.5'] })],
  BS: [of('one', { BS: ['AA=='] }), of('several, one of no bytes', { BS: ['/w==', 'AQ==', ''] })],
};

/** Names of attributes that clients and stores take for something else. */
export const NAME_CASES: readonly string[] = [
  '__proto__',
  'constructor',
  'pk',
  'data',
  'status',
  'with space',
  'a.b[0]',
  '#hash:colon',
  'имя',
  '😀',
  'x'.repeat(255),
];

/**
 * Sort values at the ends of what a key may be. They stand in a partition that is the probe's own, so none can meet an
 * application's key however common the value is.
 */
export function sortKeyCases({ type }: KeyAttribute): readonly RoundTripCase[] {
  switch (type) {
    case 'S':
      return texts([
        ['one control character', '\u0001'],
        ['1,024 bytes', 'x'.repeat(1_024)],
        ['beyond ASCII', 'é клиент 😀'],
        ['slashes, percent and quotes', '/a%2Fb?c#d"e\\'],
      ]);
    case 'N':
      return numbers([
        ['zero', '0'],
        ['1E-130', '1E-130'],
        ['9.99…E+125', LARGEST],
        ['38 digits, negative', `-${DIGITS_38}`],
      ]);
    case 'B':
      return [
        of('a zero byte', { B: 'AA==' }),
        of('bytes that are no UTF-8', { B: '//79/A==' }),
        of('1,023 bytes', { B: 'AAAA'.repeat(341) }),
      ];
  }
}
