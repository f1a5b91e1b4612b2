/**
 * The list cutter in WebAssembly: the same offsets and refusals as the one of cut-items.ts, several times as fast. One
 * instance a process, used synchronously: nothing of an answer stays in its memory.
 */
import type { ItemCuts, WantedNames } from '../cut-items';
import { CUT_LIST_BASE64 } from './cut-list';

/** Longer answers are cut in JavaScript, so that this memory, which never shrinks, stays small. */
export const WASM_BYTES_MAX = 8 * 1024 * 1024;
/** More items than this in one answer are cut in JavaScript. */
export const WASM_ITEMS_MAX = 16_384;
/** Longest name of a wanted attribute; DynamoDB's longest key name has 255 bytes. */
const NAME_BYTES_MAX = 1_024;

const NAMES_AT = 512;
const NAME_TEXT_AT = 1_024;
const OUT_AT = 4_096;
const OUT_END = OUT_AT + WASM_ITEMS_MAX * 32;
const INPUT_AT = OUT_END;
/** Zero bytes behind the input, at which every walk ends. */
const ZEROS = 64;
const PAGE_BYTES = 65_536;
const NAME_ROOM = OUT_AT - NAME_TEXT_AT;

interface Exports {
  memory: WebAssembly.Memory;
  count: WebAssembly.Global;
  list(at: number, out: number, outEnd: number, base: number): number;
}

export class WasmCutter {
  readonly #exports: Exports;
  #bytes: Uint8Array;
  #words: Uint32Array;
  #wanted: WantedNames | null = null;

  private constructor(exported: Exports) {
    this.#exports = exported;
    this.#bytes = new Uint8Array(exported.memory.buffer);
    this.#words = new Uint32Array(exported.memory.buffer);
  }

  /** Null where this machine has no SIMD for WebAssembly; JavaScript cuts there. */
  static create(): WasmCutter | null {
    const code = Buffer.from(CUT_LIST_BASE64, 'base64');
    if (!WebAssembly.validate(code)) return null;
    const instance = new WebAssembly.Instance(new WebAssembly.Module(code));
    return new WasmCutter(instance.exports as unknown as Exports);
  }

  /**
   * Cuts the list that begins at `start`: its items and the place behind it. Null where JavaScript has to do it: the
   * list is unreadable (it says so once more), too long, or a name in it is escaped.
   */
  cut(bytes: Uint8Array, start: number, wanted: WantedNames): { items: ItemCuts; end: number } | null {
    const length = bytes.length - start;
    if (length > WASM_BYTES_MAX || !this.#want(wanted)) return null;
    this.#reserve(INPUT_AT + length + ZEROS);
    this.#bytes.set(start === 0 ? bytes : bytes.subarray(start), INPUT_AT);
    this.#bytes.fill(0, INPUT_AT + length, INPUT_AT + length + ZEROS);
    const base = INPUT_AT - start;
    const end = this.#exports.list(INPUT_AT, OUT_AT, OUT_END, base);
    if (end < 0) return null;
    const count = this.#exports.count.value as number;
    const offsets = this.#words.slice(OUT_AT / 4, OUT_AT / 4 + count * 8);
    return { items: { count, offsets }, end: end - base };
  }

  #want(wanted: WantedNames): boolean {
    if (this.#wanted === wanted) return true;
    let at = NAME_TEXT_AT;
    for (let which = 0; which < 3; which += 1) {
      const name = wanted.bytes[which];
      if (name && (name.length > NAME_BYTES_MAX || at + name.length > NAME_TEXT_AT + NAME_ROOM)) return false;
      if (name) this.#bytes.set(name, at);
      this.#words[NAMES_AT / 4 + 2 * which] = at;
      // No name has so many bytes: what is not wanted matches nothing.
      this.#words[NAMES_AT / 4 + 2 * which + 1] = name ? name.length : 0xffff_ffff;
      at += name ? name.length : 0;
    }
    this.#wanted = wanted;
    return true;
  }

  #reserve(bytes: number): void {
    const missing = bytes - this.#bytes.length;
    if (missing <= 0) return;
    this.#exports.memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    this.#words = new Uint32Array(this.#exports.memory.buffer);
  }
}
