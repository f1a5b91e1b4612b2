/**
 * Assembles the WebAssembly text of this folder: folded instructions over i32 and v128, functions, one memory, globals.
 * Nothing but what cut-list.wat uses. `npm run wasm:assemble` writes cut-list.ts; a test holds it to its source.
 */
import { readFileSync, writeFileSync } from 'node:fs';

type Node = string | Node[];

const I32 = 0x7f;
const TYPES: Record<string, number> = { i32: I32, v128: 0x7b };
const OPCODES: Record<string, number[]> = {
  unreachable: [0x00],
  return: [0x0f],
  'i32.eqz': [0x45],
  'i32.eq': [0x46],
  'i32.ne': [0x47],
  'i32.lt_s': [0x48],
  'i32.lt_u': [0x49],
  'i32.gt_u': [0x4b],
  'i32.ctz': [0x68],
  'i32.add': [0x6a],
  'i32.sub': [0x6b],
  'i32.and': [0x71],
  'i32.or': [0x72],
  'i32.shl': [0x74],
  'i8x16.splat': [0xfd, 0x0f],
  'i32x4.splat': [0xfd, 0x11],
  'i8x16.eq': [0xfd, 0x23],
  'i8x16.lt_u': [0xfd, 0x26],
  'v128.or': [0xfd, 0x50],
  'i8x16.bitmask': [0xfd, 0x64],
};
/** Loads and stores; their alignment hint is a byte's. */
const MEMORY: Record<string, number[]> = {
  'i32.load': [0x28],
  'i32.load8_u': [0x2d],
  'i32.store': [0x36],
  'i32.store8': [0x3a],
  'v128.load': [0xfd, 0x00],
  'v128.store': [0xfd, 0x0b],
};

function parse(text: string): Node[] {
  const tokens = text.replace(/;;.*$/gm, '').match(/[()]|"[^"]*"|[^\s()]+/g) ?? [];
  const root: Node[] = [];
  const open: Node[][] = [root];
  for (const token of tokens) {
    const list = open.at(-1) as Node[];
    if (token === '(') {
      const inner: Node[] = [];
      list.push(inner);
      open.push(inner);
    } else if (token === ')') open.pop();
    else list.push(token);
  }
  if (open.length !== 1) throw new Error('brackets do not match');
  return root;
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest !== 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

const vector = (items: number[][]): number[] => [...unsigned(items.length), ...items.flat()];
const section = (id: number, items: number[][]): number[] => {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
};
const name = (text: string): number[] => vector([...Buffer.from(text)].map((byte) => [byte]));

const isHead = (node: Node, head: string): node is Node[] => Array.isArray(node) && node[0] === head;

interface Names {
  functions: Map<string, number>;
  globals: Map<string, number>;
}

/** The body of one function. */
class Body {
  readonly #locals = new Map<string, number>();
  readonly #labels: string[] = [];
  readonly localTypes: number[] = [];
  params = 0;
  hasResult = false;

  constructor(
    private readonly names: Names,
    parts: readonly Node[],
  ) {
    for (const part of parts) {
      if (!isHead(part, 'param') && !isHead(part, 'local')) {
        if (isHead(part, 'result')) this.hasResult = true;
        continue;
      }
      this.#locals.set(part[1] as string, this.#locals.size);
      if (part[0] === 'param') this.params += 1;
      else this.localTypes.push(TYPES[part[2] as string] as number);
    }
  }

  code(node: Node): number[] {
    if (typeof node === 'string') {
      return node.startsWith('$') ? [0x20, ...this.#local(node)] : [0x41, ...signed(Number(node))];
    }
    const [op, ...rest] = node as [string, ...Node[]];
    const memory = MEMORY[op];
    if (memory) {
      const offset = typeof rest[0] === 'string' && rest[0].startsWith('offset=') ? Number(rest.shift()?.slice(7)) : 0;
      return [...this.#all(rest), ...memory, 0x00, ...unsigned(offset)];
    }
    const [first] = rest as [string];
    if (op === 'local.set') return [...this.#all(rest.slice(1)), 0x21, ...this.#local(first)];
    if (op === 'global.get') return [0x23, ...this.#global(first)];
    if (op === 'global.set') return [...this.#all(rest.slice(1)), 0x24, ...this.#global(first)];
    if (op === 'call') return [...this.#all(rest.slice(1)), 0x10, ...of(this.names.functions, first)];
    if (op === 'br') return [0x0c, ...this.#label(first)];
    if (op === 'br_if') return [...this.#all(rest.slice(1)), 0x0d, ...this.#label(first)];
    if (op === 'block' || op === 'loop') return this.#block(op === 'block' ? 0x02 : 0x03, rest);
    if (op === 'if') return this.#if(rest);
    const opcode = OPCODES[op];
    if (!opcode) throw new Error(`no instruction ${op}`);
    return [...this.#all(rest), ...opcode];
  }

  #all(nodes: readonly Node[]): number[] {
    return nodes.flatMap((node) => this.code(node));
  }

  #block(opcode: number, [label, ...body]: Node[]): number[] {
    this.#labels.push(label as string);
    const code = [opcode, 0x40, ...this.#all(body), 0x0b];
    this.#labels.pop();
    return code;
  }

  #if(parts: Node[]): number[] {
    const hasResult = isHead(parts[0] as Node, 'result');
    const [condition, then, otherwise] = hasResult ? parts.slice(1) : parts;
    const asked = this.code(condition as Node);
    this.#labels.push('');
    const code = [...asked, 0x04, hasResult ? I32 : 0x40, ...this.#all((then as Node[]).slice(1))];
    if (otherwise) code.push(0x05, ...this.#all((otherwise as Node[]).slice(1)));
    this.#labels.pop();
    return [...code, 0x0b];
  }

  #label(label: string): number[] {
    const at = this.#labels.lastIndexOf(label);
    if (at === -1) throw new Error(`no label ${label}`);
    return unsigned(this.#labels.length - 1 - at);
  }

  #local = (local: string): number[] => of(this.#locals, local);
  #global = (global: string): number[] => of(this.names.globals, global);
}

function of(names: ReadonlyMap<string, number>, wanted: string): number[] {
  const index = names.get(wanted);
  if (index === undefined) throw new Error(`nothing is called ${wanted}`);
  return unsigned(index);
}

const SETTLED = new Set(['param', 'local', 'result', 'export']);
const exportOf = (parts: readonly Node[]): string | null => {
  const found = parts.find((part) => isHead(part, 'export'));
  return found ? (found[1] as string).slice(1, -1) : null;
};

/** The module of a text, as bytes. @throws Error that names what it does not know */
export function assemble(text: string): Uint8Array {
  const [module] = parse(text);
  const parts = (module as Node[]).slice(1) as Node[][];
  const functions = parts.filter((part) => part[0] === 'func');
  const globals = parts.filter((part) => part[0] === 'global');
  const [memory] = parts.filter((part) => part[0] === 'memory') as [Node[]];
  const index = (list: Node[][]) => new Map(list.map((part, at) => [part[1] as string, at]));
  const names: Names = { functions: index(functions), globals: index(globals) };
  const types: number[][] = [];
  const codes: number[][] = [];
  for (const part of functions) {
    const body = new Body(names, part.slice(2));
    const code = part.slice(2).filter((one) => typeof one === 'string' || !SETTLED.has(one[0] as string));
    const params = vector(Array.from({ length: body.params }, () => [I32]));
    types.push([0x60, ...params, ...vector(body.hasResult ? [[I32]] : [])]);
    const locals = vector(body.localTypes.map((type) => [1, type]));
    const bytes = [...locals, ...code.flatMap((one) => body.code(one)), 0x0b];
    codes.push([...unsigned(bytes.length), ...bytes]);
  }
  const exported = (list: Node[][], kind: number) =>
    list.flatMap((part, at) => {
      const as = exportOf(part);
      return as === null ? [] : [[...name(as), kind, ...unsigned(at)]];
    });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, types),
    ...section(
      3,
      functions.map((_, at) => unsigned(at)),
    ),
    ...section(5, [[0x00, ...unsigned(Number(memory.at(-1)))]]),
    ...section(
      6,
      globals.map((part) => [I32, 0x01, 0x41, ...signed(Number(part.at(-1))), 0x0b]),
    ),
    ...section(7, [...exported([memory], 2), ...exported(globals, 3), ...exported(functions, 0)]),
    ...section(10, codes),
  ]);
}

const SOURCE = new URL('./cut-list.wat', import.meta.url);
const TARGET = new URL('./cut-list.ts', import.meta.url);

/** What cut-list.ts must hold. */
export function cutListSource(): string {
  const bytes = assemble(readFileSync(SOURCE, 'utf8'));
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,100}/g) ?? [];
  return `/** ${bytes.length} bytes assembled from cut-list.wat by assemble.ts; never edited. */
export const CUT_LIST_BASE64 =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`;
}

if (process.argv.includes('--write')) writeFileSync(TARGET, cutListSource());
