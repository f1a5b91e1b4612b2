/**
 * An attribute may be named `__proto__`; dynalite would set an object's prototype with it and refuse the item. Inside
 * the engine the attribute has another name of the same length in UTF-8 (sizes stay true), from Unicode's private area.
 */
const NAME = '__proto__';
const INSIDE = '\uE000proto_';
/** Parents whose string values are attribute names. */
const NAMING = new Set(['ExpressionAttributeNames', 'AttributesToGet', 'NonKeyAttributes']);

const renamed = (value: unknown, isNaming: boolean): unknown => {
  if (typeof value === 'string') return isNaming && value === NAME ? INSIDE : value;
  if (Array.isArray(value)) return value.map((entry) => renamed(entry, isNaming));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key === NAME ? INSIDE : key,
      renamed(inner, isNaming || NAMING.has(key)),
    ]),
  );
};

/** Parses a request; costs nothing more where the name cannot be in it. */
export function parseRequest(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  return text.includes(NAME) || text.includes('\\u') ? renamed(parsed, false) : parsed;
}

/** Only as a key, so that a string value of that spelling stays what it is. */
export function renderAnswer(answer: unknown): string {
  const text = JSON.stringify(answer);
  return text.includes(INSIDE) ? text.replaceAll(`"${INSIDE}":`, `"${NAME}":`) : text;
}
