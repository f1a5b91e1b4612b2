/** Between a partition and a sort value on every screen (`USER#1 · 42`). */
export const KEY_SEPARATOR = ' · ';
export const KEY_SEARCH_CHARS_MAX = 200;

/**
 * Parts that a key id must all contain to be found by a text that a person typed: a piece of the partition or the sort
 * value, or the whole key as the screens say it. A key id is JSON, so each part is spelt as it stands there.
 */
export function keySearchParts(text: string): string[] {
  const asked = text.slice(0, KEY_SEARCH_CHARS_MAX);
  if (asked.trim() === '') return [];
  const at = asked.indexOf(KEY_SEPARATOR);
  if (at <= 0) return [spelt(asked)];
  const [partition, sort] = [asked.slice(0, at), asked.slice(at + KEY_SEPARATOR.length)];
  // A unit begins with the type of its attribute and #, and ends with the quote of JSON.
  return [`#${spelt(partition)}","`, `#${spelt(sort)}`];
}

const spelt = (text: string): string => JSON.stringify(text).slice(1, -1);
