import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { edited, elementsAt, membersAt, placeOf, removeEdits, setEdits, whole } from './json-bytes';

const bytes = (text: string) => Buffer.from(text);
const remove = (text: string, name: string) => {
  const body = bytes(text);
  return edited(body, removeEdits(body, whole(body), name)).toString();
};
const set = (text: string, name: string, value: string) => {
  const body = bytes(text);
  return edited(body, setEdits(body, whole(body), { name, text: value })).toString();
};

describe('members of a JSON text', () => {
  it('are found as JSON.parse finds them, whatever their names, strings and spaces', () => {
    fc.assert(
      fc.property(
        fc.json({ noUnicodeString: false, maxDepth: 4 } as never),
        fc.constantFrom('', ' ', '\n\t'),
        (json, space) => {
          const value: unknown = JSON.parse(json);
          const body = bytes(space + JSON.stringify(value, null, space.length));
          const place = whole(body);
          if (Array.isArray(value)) {
            const found = elementsAt(body, place).map(({ start, end }) =>
              JSON.parse(body.toString('utf8', start, end)),
            );
            expect(found).toEqual(value);
          } else if (typeof value === 'object' && value !== null) {
            const found = membersAt(body, place).map(({ name, start, end }) => [
              name,
              JSON.parse(body.toString('utf8', start, end)),
            ]);
            expect(found).toEqual(Object.entries(value));
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('keep every other byte when one is set, added or taken away', () => {
    expect(set('{"b":1e2, "a" : {"10":1,"2":2} }', 'c', '"x"')).toBe('{"b":1e2, "a" : {"10":1,"2":2},"c":"x" }');
    expect(set('{"b":1e2,"b":3}', 'b', '"x"')).toBe('{"b":"x","b":"x"}');
    expect(set('{ }', 'a', '1')).toBe('{"a":1 }');
    expect(remove('{"a":{"x":"}\\""},"10":1,"2":1.0}', 'a')).toBe('{"10":1,"2":1.0}');
    expect(remove('{"10":1,"a":2,"2":1.0}', 'a')).toBe('{"10":1,"2":1.0}');
    expect(remove('{"10":1,"a":2}', 'a')).toBe('{"10":1}');
    expect(remove('{"a":1,"a":2}', 'a')).toBe('{}');
    expect(remove('{"a":1,"b":0,"a":2}', 'a')).toBe('{"b":0}');
    expect(remove('{"\\u0061":1,"__proto__":2}', 'a')).toBe('{"__proto__":2}');
  });

  it('take the last of two of one name, as stores do', () => {
    const body = bytes('{"a":1,"a":2}');
    const place = placeOf(membersAt(body, whole(body)), 'a');
    expect(body.toString('utf8', place?.start, place?.end)).toBe('2');
  });
});
