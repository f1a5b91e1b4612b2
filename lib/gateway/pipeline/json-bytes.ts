/**
 * Where the members of a JSON text lie, so that the gateway changes the bytes that it has to and no others: a text that
 * is parsed and written anew loses the order of names like `2` and `10`, the spelling of numbers and escapes, and members
 * named twice. Only for texts that JSON.parse has accepted; positions are those of bytes.
 */
export interface Place {
  /** First byte of the value. */
  start: number;
  /** Behind its last. */
  end: number;
}

export interface MemberPlace extends Place {
  name: string;
  /** The name with its quotes. */
  nameStart: number;
  nameEnd: number;
}

export interface Edit extends Place {
  text: string | Buffer;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

function afterSpace(body: Buffer, from: number): number {
  let at = from;
  while (isSpace(body[at])) at += 1;
  return at;
}

function afterString(body: Buffer, from: number): number {
  let at = from + 1;
  for (;;) {
    const next = body.indexOf(QUOTE, at);
    if (next === -1) return body.length;
    let slashes = 0;
    while (body[next - 1 - slashes] === BACKSLASH) slashes += 1;
    at = next + 1;
    if (slashes % 2 === 0) return at;
  }
}

function afterValue(body: Buffer, from: number): number {
  const first = body[from];
  if (first === QUOTE) return afterString(body, from);
  let at = from;
  if (first !== OPEN && first !== OPEN_LIST) {
    while (
      at < body.length &&
      !isSpace(body[at]) &&
      body[at] !== COMMA &&
      body[at] !== CLOSE &&
      body[at] !== CLOSE_LIST
    )
      at += 1;
    return at;
  }
  let depth = 0;
  while (at < body.length) {
    const byte = body[at];
    if (byte === QUOTE) {
      at = afterString(body, at);
      continue;
    }
    at += 1;
    if (byte === OPEN || byte === OPEN_LIST) depth += 1;
    else if (byte === CLOSE || byte === CLOSE_LIST) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return at;
}

/** The text's own value. */
export const whole = (body: Buffer): Place => {
  const start = afterSpace(body, body[0] === 0xef ? 3 : 0);
  return { start, end: afterValue(body, start) };
};

/** Members of the object at a place, in order, those named twice included; none where it is no object. */
export function membersAt(body: Buffer, place: Place): MemberPlace[] {
  const members: MemberPlace[] = [];
  if (body[place.start] !== OPEN) return members;
  let at = afterSpace(body, place.start + 1);
  while (at < place.end && body[at] === QUOTE) {
    const nameEnd = afterString(body, at);
    const start = afterSpace(body, afterSpace(body, nameEnd) + 1);
    const end = afterValue(body, start);
    members.push({ name: JSON.parse(body.toString('utf8', at, nameEnd)), nameStart: at, nameEnd, start, end });
    at = afterSpace(body, end);
    if (body[at] === COMMA) at = afterSpace(body, at + 1);
  }
  return members;
}

/** Elements of the list at a place; none where it is no list. */
export function elementsAt(body: Buffer, place: Place): Place[] {
  const elements: Place[] = [];
  if (body[place.start] !== OPEN_LIST) return elements;
  let at = afterSpace(body, place.start + 1);
  while (at < place.end && body[at] !== CLOSE_LIST) {
    const end = afterValue(body, at);
    elements.push({ start: at, end });
    at = afterSpace(body, end);
    if (body[at] === COMMA) at = afterSpace(body, at + 1);
  }
  return elements;
}

/** The value of a name, the last one where it stands twice, as JSON.parse has it. */
export const placeOf = (members: readonly MemberPlace[], name: string): MemberPlace | null =>
  members.findLast((member) => member.name === name) ?? null;

/** Every value of the name becomes `text`; where there is none, the object gets one at its end. */
export function setEdits(body: Buffer, place: Place, of: { name: string; text: string }): Edit[] {
  const members = membersAt(body, place);
  const found = members.filter((member) => member.name === of.name);
  if (found.length > 0) return found.map(({ start, end }) => ({ start, end, text: of.text }));
  const at = members.at(-1)?.end ?? place.start + 1;
  const comma = members.length > 0 ? ',' : '';
  return [{ start: at, end: at, text: `${comma}${JSON.stringify(of.name)}:${of.text}` }];
}

/** Every member of the name goes, with one comma each. */
export function removeEdits(body: Buffer, place: Place, name: string): Edit[] {
  const members = membersAt(body, place);
  const edits: Edit[] = [];
  // The first of those that stay has no comma before it.
  const firstKept = members.findIndex((member) => member.name !== name);
  for (const [index, member] of members.entries()) {
    if (member.name !== name) continue;
    const isBeforeKept = firstKept === -1 || index < firstKept;
    const next = members[index + 1];
    const start = isBeforeKept ? member.nameStart : (members[index - 1] as MemberPlace).end;
    const end = isBeforeKept && next !== undefined ? next.nameStart : member.end;
    edits.push({ start, end, text: '' });
  }
  return edits;
}

/** The bytes with edits that do not overlap. */
export function edited(body: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return body;
  const parts: Buffer[] = [];
  let at = 0;
  for (const { start, end, text } of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(body.subarray(at, start), typeof text === 'string' ? Buffer.from(text) : text);
    at = end;
  }
  parts.push(body.subarray(at));
  return Buffer.concat(parts);
}
