/** The table that copies and verifications are measured on: items of all ten types, the same in every process. */
import type { KeySchema, WireItem } from '@/lib/adapters/ports';
import { itemBytes } from '@/lib/domain/item/size';

export const BENCH_TABLE = 'bench-orders';
export const BENCH_SCHEMA: KeySchema = {
  partition: { name: 'customer', type: 'S' },
  sort: { name: 'order', type: 'N' },
};
export const BENCH_CREDENTIALS = { accessKeyId: 'BENCH', secretAccessKey: 'bench-secret' };
export const BENCH_REGION = 'eu-central-1';
/** Items of a page by DynamoDB's rule. */
const PAGE_BYTES_MAX = 1_048_576;
export const SEED = 20_261_122;

/** A small generator of numbers (mulberry32), so that a run can be repeated to the byte. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const CITIES = ['Köln', 'Zürich', 'Санкт-Петербург', '東京', 'Lyon', 'Málaga'];
const NOTES = [
  'Ring the bell "twice"; the door sticks.',
  'line one\nline two\twith a tab',
  'C:\\orders\\late',
  'plain words that say nothing of importance, as most notes do',
  '{"looks":"like json}]',
  '😀 emoji beside ключ',
];
const EXACT = ['12345678901234567890123456789012345678', '-0.00012345678901234567890123456789', '1E125', '0.1'];

/** As many items as one page holds: 1 MB by DynamoDB's rule. */
export function benchItems(): WireItem[] {
  const random = randomFrom(SEED);
  const upTo = (max: number) => Math.floor(random() * max);
  const items: WireItem[] = [];
  for (let bytes = 0; ; ) {
    const item = itemOf(items.length, upTo);
    bytes += itemBytes(item);
    if (bytes > PAGE_BYTES_MAX) return items;
    items.push(item);
  }
}

const pick = <T>(list: readonly T[], upTo: (max: number) => number): T => list[upTo(list.length)] as T;

function itemOf(at: number, upTo: (max: number) => number): WireItem {
  const line = () => ({
    M: {
      sku: { S: `sku-${upTo(9_000)}` },
      count: { N: String(1 + upTo(9)) },
      price: { N: (upTo(90_000) / 100).toFixed(2) },
      isGift: { BOOL: upTo(2) === 0 },
    },
  });
  return {
    customer: { S: `customer#${upTo(50_000)}` },
    order: { N: String(at) },
    status: { S: pick(['new', 'paid', 'shipped', 'returned'], upTo) },
    total: { N: (upTo(9_000_000) / 100).toFixed(2) },
    exact: { N: pick(EXACT, upTo) },
    isPaid: { BOOL: upTo(2) === 0 },
    cancelledAt: { NULL: true },
    signature: { B: Buffer.from(Array.from({ length: 24 + upTo(24) }, () => upTo(256))).toString('base64') },
    tags: { SS: [`t${upTo(7)}`, `u${upTo(11)}`, 'ключ'] },
    ratings: { NS: [String(upTo(5)), String(10 + upTo(90)), '1234567890123456789'] },
    prints: { BS: [Buffer.from([1, upTo(256)]).toString('base64'), Buffer.from([2, upTo(256)]).toString('base64')] },
    address: { M: { city: { S: pick(CITIES, upTo) }, street: { S: `Straße ${upTo(900)}` }, zip: { S: '50667' } } },
    lines: { L: Array.from({ length: 1 + upTo(3) }, line) },
    note: { S: `${pick(NOTES, upTo)} ${'x'.repeat(upTo(80))}` },
  };
}
