import { describe, expect, test } from 'vitest';
import { canonicalNumber } from '../../item/decimal';
import { ATTRIBUTE_TYPES } from '../../item/item';
import { NAME_CASES, sortKeyCases, VALUE_CASES } from './cases';
import { differenceOf, roundTripCheck, type TypeRoundTrip } from './report';

const trip = (differences: TypeRoundTrip['differences']): TypeRoundTrip => ({
  atMs: 1,
  by: 'Ada',
  cases: { N: 12, S: 12 },
  differences,
  requests: 30,
  left: 0,
  scratch: 'landfall-probe-1',
});

describe('the cases of a type round trip', () => {
  test('cover all ten types, each legal in DynamoDB', () => {
    expect(Object.keys(VALUE_CASES).sort()).toEqual([...ATTRIBUTE_TYPES].sort());
    for (const { value } of VALUE_CASES.N!) expect(canonicalNumber(value.N as string)).not.toBeNull();
    const whats = Object.values(VALUE_CASES).flatMap((cases) => cases.map((one) => one.what));
    expect(new Set(whats).size).toBe(whats.length);
    expect(NAME_CASES).toContain('__proto__');
  });

  test('hold a sort value at each end of each key type', () => {
    for (const type of ['S', 'N', 'B'] as const)
      for (const { value } of sortKeyCases({ name: 'at', type })) expect(Object.keys(value)).toEqual([type]);
  });
});

describe('a difference', () => {
  test('is none where sets come back in another order and numbers in the spelling of DynamoDB', () => {
    expect(differenceOf({ what: '', value: { NS: ['1', '2.0'] } }, { NS: ['2', '1'] })).toBeNull();
    expect(differenceOf({ what: '', value: { N: '1E-130' } }, { N: `0.${'0'.repeat(129)}1` })).toBeNull();
    expect(differenceOf({ what: '', value: { N: '-0' } }, { N: '0' })).toBeNull();
  });

  test('names what was lost, changed or spelt otherwise, long values cut', () => {
    expect(differenceOf({ what: '', value: { S: '' } }, undefined)?.class).toBe('lost');
    expect(differenceOf({ what: '', value: { N: '9007199254740993' } }, { N: '9007199254740992' })?.class).toBe(
      'changed',
    );
    expect(differenceOf({ what: '', value: { N: '1' } }, { S: '1' })?.class).toBe('changed');
    expect(differenceOf({ what: '', value: { NULL: true } }, { NULL: false })?.class).toBe('changed');
    expect(differenceOf({ what: '', value: { N: '1000' } }, { N: '1E+3' })?.class).toBe('spelling');
    const long = differenceOf({ what: '', value: { S: 'x'.repeat(400_000) } }, { S: 'y' });
    expect(long?.detail.length).toBeLessThan(300);
  });
});

describe('the check of the assessment', () => {
  const difference = { group: 'N', what: '2^53 + 1', class: 'changed', detail: 'a' } as const;

  test('fails by name where something is refused, lost or changed', () => {
    const check = roundTripCheck(trip([difference]));
    expect(check.state).toBe('failed');
    expect(check.fix).toContain('N: 2^53 + 1 (changed)');
  });

  test('warns before it was tried and of spellings, is unknown where a value could not be tried', () => {
    expect(roundTripCheck(null).state).toBe('warned');
    expect(roundTripCheck(trip([{ ...difference, class: 'spelling' }])).state).toBe('warned');
    expect(roundTripCheck(trip([{ ...difference, class: 'untried' }])).state).toBe('unknown');
    expect(roundTripCheck(trip([])).state).toBe('passed');
  });
});
