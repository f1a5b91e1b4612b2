import { describe, expect, it } from 'vitest';
import type { WireItem } from '../item/item';
import { MAPPINGS_MAX, type MappingGround, mappingFaults } from './check';
import { epochCandidates } from './detect';
import type { Mapping } from './mapping';

const ground: MappingGround = {
  key: { partition: { name: 'pk', type: 'S' }, sort: { name: 'placed', type: 'N' } },
  ttlAttribute: 'expires',
  indexKeys: [
    { attribute: 'byDay', index: 'days' },
    { attribute: 'byHour', index: null },
  ],
};
const map = (attribute: string): Mapping => ({ attribute, kind: 'epoch_seconds' });

describe('a mapping', () => {
  it.each([
    ['pk', "part of the table's key"],
    ['placed', "part of the table's key"],
    ['expires', 'TTL attribute'],
    ['byDay', 'the index days'],
    ['byHour', 'a secondary index'],
    ['', 'which attribute'],
    ['x'.repeat(256), 'at most 255'],
  ])('of %j is refused with the field and the reason', (attribute, why) => {
    const faults = mappingFaults([map('created'), map(attribute)], ground);
    expect(Object.keys(faults)).toEqual(['mappings.1.attribute']);
    expect(faults['mappings.1.attribute']).toContain(why);
  });

  it('is one an attribute, of a kind that there is, and there are not too many', () => {
    expect(mappingFaults([map('created'), { attribute: 'seen', kind: 'epoch_milliseconds' }], ground)).toEqual({});
    expect(mappingFaults([map('a'), map('a')], ground)).toHaveProperty(['mappings.1.attribute']);
    expect(mappingFaults([{ attribute: 'a', kind: 'weeks' as never }], ground)).toHaveProperty(['mappings.0.kind']);
    const many = Array.from({ length: MAPPINGS_MAX + 1 }, (_, at) => map(`a${at}`));
    expect(mappingFaults(many, ground)).toHaveProperty('mappings');
  });
});

describe('the detection of epoch numbers', () => {
  const N = (value: number | string) => ({ N: String(value) });
  it('names attributes of which every value is one of the years 2001 to 2100, with what was seen', () => {
    const items: WireItem[] = [
      { s: N(1_700_000_000), ms: N(1_700_000_000_123), mixed: N(1_700_000_000), odd: N(1_700_000_000) },
      { s: N('1.6e9'), ms: N(1_600_000_000_000), mixed: N(1_700_000_000_000), odd: N('1700000000.5') },
      { s: N(1_650_000_000), text: { S: '1700000000' }, early: N(978_307_199), late: N(4_102_444_800) },
      { text: N(1_700_000_000), small: N(42), set: { NS: ['1700000000'] }, year: N(2024) },
    ];
    expect(epochCandidates(items)).toEqual([
      {
        ...{ attribute: 'ms', kind: 'epoch_milliseconds', samples: 2 },
        ...{ minMs: 1_600_000_000_000, maxMs: 1_700_000_000_123 },
      },
      {
        ...{ attribute: 's', kind: 'epoch_seconds', samples: 3 },
        ...{ minMs: 1_600_000_000_000, maxMs: 1_700_000_000_000 },
      },
    ]);
    expect(epochCandidates([])).toEqual([]);
  });

  it('takes one form for all values of an attribute, whatever its name', () => {
    const items = ['{"__proto__":{"N":"1700000000"}}', '{"__proto__":{"N":"1700000001"}}'].map(
      (text) => JSON.parse(text) as WireItem,
    );
    expect(epochCandidates(items)).toMatchObject([{ attribute: '__proto__', samples: 2 }]);
  });
});
