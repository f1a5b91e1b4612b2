import fc from 'fast-check';

/**
 * JSON spelt in every way that is allowed: white space between tokens, characters escaped or not, in names as in
 * values. JSON.stringify knows one spelling alone; stores and proxies know others.
 */
export function anySpelling(value: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.tuple(value, fc.infiniteStream(fc.nat(99))).map(([json, chances]) => {
    const next = () => Number(chances.next().value);
    return spell(json, next);
  });
}

function spell(value: unknown, next: () => number): string {
  const gap = () => [' ', '\n', '\t', '\r', '  \n', '               '][next() % 60] ?? '';
  const write = (one: unknown): string => {
    if (typeof one === 'string') return spellText(one, next);
    if (typeof one !== 'object' || one === null) return JSON.stringify(one);
    if (Array.isArray(one)) return `[${gap()}${one.map((member) => write(member) + gap()).join(`,${gap()}`)}]`;
    const members = Object.keys(one).map(
      (name) => `${spellText(name, next)}${gap()}:${gap()}${write((one as Record<string, unknown>)[name])}${gap()}`,
    );
    return `{${gap()}${members.join(`,${gap()}`)}}`;
  };
  return gap() + write(value) + gap();
}

function spellText(text: string, next: () => number): string {
  if (next() % 4 !== 0) return JSON.stringify(text);
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
  const escaped = units.map((unit, at) => {
    const isHalf = unit >= 0xd800 && unit <= 0xdfff;
    if (isHalf || next() % 3 === 0) return `\\u${unit.toString(16).padStart(4, '0')}`;
    return text.charAt(at) === '/' ? '\\/' : JSON.stringify(text.charAt(at)).slice(1, -1);
  });
  return `"${escaped.join('')}"`;
}
