/**
 * Cuts the items of an answer out of its bytes: where each begins and ends, and where the values of its key attributes
 * (and of the TTL attribute) stand. No item becomes a JavaScript value on its way from one store to the other, so no
 * number is rounded, no set reordered and no attribute named `__proto__` lost, and a page of a megabyte costs a few
 * milliseconds. Anything out of order makes the whole answer unreadable (null): it is never cut at a guess.
 */
import { isUtf8 } from 'node:buffer';
import {
  CLOSE_LIST,
  CLOSE_MAP,
  COMMA,
  OPEN_LIST,
  OPEN_MAP,
  pastColon,
  pastSpace,
  pastString,
  pastValue,
  QUOTE,
} from './json-bytes';

import { WasmCutter } from './wasm/wasm-cutter';

/** Attributes whose places are noted: a partition key, a sort key and a TTL attribute. */
export const WANTED_MAX = 3;
/** Numbers an item has in `ItemCuts.offsets`. */
export const STRIDE = 2 + 2 * WANTED_MAX;
/** Longest answer that is cut; offsets are 32 bits wide. */
export const CUT_BYTES_MAX = 1 << 30;

export interface ItemCuts {
  count: number;
  /** `STRIDE` numbers an item: its start and end, then start and end of the value of each wanted attribute, 0 0 where it has none. */
  offsets: Uint32Array;
}

/** Start and end of a value. */
export type Cut = readonly [start: number, end: number];

export interface CutAnswer {
  items: ItemCuts;
  /** The other members of the answer by name, e.g. `LastEvaluatedKey`. */
  members: Map<string, Cut>;
}

/** Names of the attributes whose places are wanted, as UTF-8. */
export class WantedNames {
  readonly bytes: readonly Uint8Array[];

  constructor(readonly names: readonly string[]) {
    if (names.length > WANTED_MAX) throw new Error(`at most ${WANTED_MAX} attributes are noted`);
    this.bytes = names.map((name) => new TextEncoder().encode(name));
  }
}

/** A list that grows by doubling; one an answer, so that answers may overlap. */
class Offsets {
  #offsets: Uint32Array;
  count = 0;

  constructor(items: number) {
    this.#offsets = new Uint32Array(items * STRIDE);
  }

  /** The index of the next item's first number, all zero. */
  next(): number {
    const at = this.count * STRIDE;
    if (at === this.#offsets.length) {
      const longer = new Uint32Array(Math.max(64 * STRIDE, at * 2));
      longer.set(this.#offsets);
      this.#offsets = longer;
    }
    this.count += 1;
    return at;
  }

  get offsets(): Uint32Array {
    return this.#offsets;
  }
}

const ITEMS_GUESS = 512;

/**
 * Where the list of items stands: a member of the answer, or of its member `Responses` for a batch read. `pastKnown` may
 * walk a batch's list in place of cutting it: the place behind it, or -1 where it must be cut.
 */
export type ItemsAt = { member: string } | { responsesOf: string; pastKnown?(start: number): number };

/**
 * Cuts an answer whose items stand at `at`. Null where the bytes are no JSON object in UTF-8, the list is missing or
 * holds anything but objects, or a name that matters (the list, a wanted attribute) stands twice. A batch read that
 * answers without the table's list has no items; one without `Responses` cannot be read.
 */
export function cutItems(
  bytes: Uint8Array,
  at: ItemsAt,
  wanted: WantedNames,
  cutter: WasmCutter | null = wasmCutter(),
): CutAnswer | null {
  if (bytes.length > CUT_BYTES_MAX || !isUtf8(bytes)) return null;
  const cutting = new ListCutting(bytes, { wanted, cutter });
  const members = 'member' in at ? at.member : 'Responses';
  const found = cutMembers(bytes, 0, {
    name: members,
    past: (valueAt) => ('member' in at ? cutting.past(valueAt) : pastTables(bytes, valueAt, { at, cutting })),
  });
  if (found === null || pastSpace(bytes, found.end) !== bytes.length || !found.members.delete(members)) return null;
  return { items: cutting.items, members: found.members };
}

let made: WasmCutter | null | undefined;

/** That of this process, or null where the machine has none. */
function wasmCutter(): WasmCutter | null {
  if (made === undefined) made = WasmCutter.create();
  return made;
}

/** The list of one table among the responses of a batch read; a table without a list has no items. */
function pastTables(
  bytes: Uint8Array,
  start: number,
  of: { at: { responsesOf: string; pastKnown?(start: number): number }; cutting: ListCutting },
): number {
  const past = (valueAt: number) => {
    const known = of.at.pastKnown?.(valueAt) ?? -1;
    return known === -1 ? of.cutting.past(valueAt) : known;
  };
  return cutMembers(bytes, start, { name: of.at.responsesOf, past })?.end ?? -1;
}

/** A list of items that is cut when it is met, so that its bytes are walked once. */
class ListCutting {
  items: ItemCuts = { count: 0, offsets: new Uint32Array(0) };

  constructor(
    private readonly bytes: Uint8Array,
    private readonly by: { wanted: WantedNames; cutter: WasmCutter | null },
  ) {}

  /** Behind the list that begins at `start`, or -1; what the fast cutter cannot tell is told here. */
  past(start: number): number {
    const { wanted, cutter } = this.by;
    const cut = cutter?.cut(this.bytes, start, wanted) ?? null;
    if (cut !== null) {
      this.items = cut.items;
      return cut.end;
    }
    const slow = cutList(this.bytes, start, wanted);
    if (slow === null) return -1;
    this.items = slow.items;
    return slow.end;
  }
}

/**
 * The members of the object that begins at `start`, and the place behind it. The value of the member `own.name` is
 * walked by `own.past`. Null where it is no object or one name stands twice.
 */
function cutMembers(
  bytes: Uint8Array,
  start: number,
  own: { name: string; past(valueAt: number): number },
): { members: Map<string, Cut>; end: number } | null {
  const members = new Map<string, Cut>();
  let at = pastSpace(bytes, start);
  if (bytes[at] !== OPEN_MAP) return null;
  at = pastSpace(bytes, at + 1);
  if (bytes[at] === CLOSE_MAP) return { members, end: at + 1 };
  for (;;) {
    const nameEnd = pastString(bytes, at);
    if (nameEnd === -1) return null;
    const valueAt = pastColon(bytes, nameEnd);
    if (valueAt === -1) return null;
    const name = textOf(bytes, at, nameEnd);
    if (members.has(name)) return null;
    const valueEnd = name === own.name ? own.past(valueAt) : pastValue(bytes, valueAt);
    if (valueEnd === -1) return null;
    members.set(name, [valueAt, valueEnd]);
    at = pastSpace(bytes, valueEnd);
    if (bytes[at] === CLOSE_MAP) return { members, end: at + 1 };
    if (bytes[at] !== COMMA) return null;
    at = pastSpace(bytes, at + 1);
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of a string that stands at `start` with its quotes. Names of members are plain; decoding one costs 2 µs. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start + 1; at < end - 1; at += 1) {
    const byte = bytes[at] as number;
    if (byte > 0x7e || byte === 0x5c) return JSON.parse(decoder.decode(bytes.subarray(start, end))) as string;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** The list that begins at `start`, cut in JavaScript: the reference for the other cutter. Null where it is unreadable. */
export function cutList(
  bytes: Uint8Array,
  start: number,
  wanted: WantedNames,
): { items: ItemCuts; end: number } | null {
  const offsets = new Offsets(ITEMS_GUESS);
  const end = pastList(bytes, start, { offsets, wanted });
  return end === -1 ? null : { items: offsets, end };
}

/** Notes every item of the list that begins at `start`; returns the place behind it, or -1. */
function pastList(bytes: Uint8Array, start: number, to: { offsets: Offsets; wanted: WantedNames }): number {
  if (bytes[start] !== OPEN_LIST) return -1;
  let at = pastSpace(bytes, start + 1);
  if (bytes[at] === CLOSE_LIST) return at + 1;
  for (;;) {
    at = cutItem(bytes, at, to);
    if (at === -1) return -1;
    at = pastSpace(bytes, at);
    if (bytes[at] === CLOSE_LIST) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = pastSpace(bytes, at + 1);
  }
}

/** Notes the item that begins at `start`; returns the place behind it, or -1. */
function cutItem(bytes: Uint8Array, start: number, to: { offsets: Offsets; wanted: WantedNames }): number {
  if (bytes[start] !== OPEN_MAP) return -1;
  const first = to.offsets.next();
  const { offsets } = to.offsets;
  let at = pastSpace(bytes, start + 1);
  let isOver = bytes[at] === CLOSE_MAP;
  while (!isOver) {
    const nameEnd = pastString(bytes, at);
    if (nameEnd === -1) return -1;
    const valueAt = pastColon(bytes, nameEnd);
    const valueEnd = valueAt === -1 ? -1 : pastValue(bytes, valueAt);
    if (valueEnd === -1) return -1;
    const which = wantedAt(bytes, [at, nameEnd], to.wanted);
    if (which !== -1) {
      const place = first + 2 + 2 * which;
      if (offsets[place + 1] !== 0) return -1;
      offsets[place] = valueAt;
      offsets[place + 1] = valueEnd;
    }
    at = pastSpace(bytes, valueEnd);
    isOver = bytes[at] === CLOSE_MAP;
    if (isOver) break;
    if (bytes[at] !== COMMA) return -1;
    at = pastSpace(bytes, at + 1);
    if (bytes[at] !== QUOTE) return -1;
  }
  offsets[first] = start;
  offsets[first + 1] = at + 1;
  return at + 1;
}

/** Which wanted attribute the name from quote to quote is, however it is escaped; -1 for none. */
function wantedAt(bytes: Uint8Array, [start, end]: Cut, wanted: WantedNames): number {
  const length = end - start - 2;
  for (let at = start + 1; at < end - 1; at += 1) {
    if (bytes[at] === 0x5c) return wanted.names.indexOf(textOf(bytes, start, end));
  }
  for (let which = 0; which < wanted.bytes.length; which += 1) {
    const name = wanted.bytes[which] as Uint8Array;
    if (name.length !== length) continue;
    let same = 0;
    while (same < length && name[same] === bytes[start + 1 + same]) same += 1;
    if (same === length) return which;
  }
  return -1;
}
