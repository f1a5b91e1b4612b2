/**
 * The demo's tables: `orders` (string partition and sort key, items of every type that DynamoDB has), `customers`
 * (a number as key) and `sessions` (TTL, some expired already). The same items each time, from a seeded sequence.
 */
import type { AttributeValue, WireItem } from '@/lib/adapters/ports';
import type { Engine } from './engine';

export const SAMPLE_COUNTS = { orders: 24_000, customers: 2_000, sessions: 1_500 } as const;
export type SampleTable = keyof typeof SAMPLE_COUNTS;
export const SAMPLE_TABLES = Object.keys(SAMPLE_COUNTS) as SampleTable[];
/** Enough partition keys that a share of 1 % holds some of them. */
export const TENANTS = 1_200;

const BATCH_ITEMS = 25;
const BATCHES_AT_ONCE = 8;
const DAY_S = 86_400;

const KEYS: Record<SampleTable, { name: string; type: 'S' | 'N' }[]> = {
  orders: [
    { name: 'tenant', type: 'S' },
    { name: 'order', type: 'S' },
  ],
  customers: [{ name: 'number', type: 'N' }],
  sessions: [{ name: 'session', type: 'S' }],
};
export const TTL_ATTRIBUTE = 'expires';

/** A small seeded generator (mulberry32): good enough to look mixed, the same everywhere. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const S = (text: string): AttributeValue => ({ S: text });
const N = (number: number | string): AttributeValue => ({ N: String(number) });
const CITIES = ['Berlin', 'Łódź', 'São Paulo', '東京', 'Владивосток', 'Reykjavík', 'القاهرة', 'Nairobi 🦓'];
const STATES = ['placed', 'paid', 'packed', 'shipped', 'delivered', 'returned'];
const GOODS = ['lamp', 'kettle', 'chair', 'rug', 'radio', 'vase', 'clock'];

const pick = <T>(from: readonly T[], random: () => number): T => from[Math.floor(random() * from.length)] as T;
const bytes = (count: number, random: () => number): string =>
  Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256))).toString('base64');
const cents = (random: () => number): string =>
  (Math.floor(random() * 1_000_000) / 100).toFixed(2).replace(/\.?0+$/, '');
const digits38 = (random: () => number): string =>
  `${1 + Math.floor(random() * 9)}${Array.from({ length: 37 }, () => Math.floor(random() * 10)).join('')}`;

function order(index: number): WireItem {
  const random = sequence(index + 1);
  const day = new Date(Date.UTC(2026, 0, 1) + Math.floor(random() * 320) * DAY_S * 1000).toISOString().slice(0, 10);
  const line = (): AttributeValue => ({
    M: { article: S(pick(GOODS, random)), price: N(cents(random)), count: N(1 + Math.floor(random() * 5)) },
  });
  const item: WireItem = {
    tenant: S(`tenant#${index % TENANTS}`),
    order: S(`${day}#${String(index).padStart(6, '0')}`),
    status: S(pick(STATES, random)),
    total: N(cents(random)),
    paid: { BOOL: random() < 0.7 },
    note: random() < 0.2 ? { NULL: true } : S(`Order ${index} — deliver to ${pick(CITIES, random)}`),
    lines: { L: Array.from({ length: 1 + Math.floor(random() * 3) }, line) },
    address: { M: { city: S(pick(CITIES, random)), geo: { M: { lat: N((random() * 180 - 90).toFixed(6)) } } } },
    tags: { SS: [...new Set([pick(GOODS, random), pick(GOODS, random), 'sample'])] },
  };
  if (index % 3 === 0) item.weights = { NS: [...new Set(['0.1', '1e3', String(index)])] };
  if (index % 5 === 0) item.label = { B: bytes(24, random) };
  if (index % 7 === 0) item.digests = { BS: [...new Set([bytes(8, random), bytes(8, random)])] };
  if (index % 11 === 0) item.ledger = N(digits38(random));
  if (index % 97 === 0) item.empty = { L: [{ M: {} }, { L: [] }, S('')] };
  if (index % 500 === 0) item.picture = { B: bytes(6_000, random) };
  if (index % 250 === 0) {
    // An own property, as JSON.parse makes it; a plain assignment would set the prototype.
    Object.defineProperty(item, '__proto__', {
      value: S('polluted?'),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return item;
}

function customer(index: number): WireItem {
  const random = sequence(1_000_000 + index);
  return {
    number: N(index % 10 === 0 ? `${index}.5` : index),
    name: S(`Customer ${index}`),
    city: S(pick(CITIES, random)),
    credit: N(`-${cents(random)}`),
    tenants: { SS: [`tenant#${index % TENANTS}`] },
    since: N(1_600_000_000 + Math.floor(random() * 100_000_000)),
  };
}

function session(index: number, nowS: number): WireItem {
  const random = sequence(2_000_000 + index);
  // One in five expired between an hour and thirty days ago; the others have a day to a year to go.
  const isExpired = index % 5 === 0;
  const expires = isExpired
    ? nowS - 3_600 - Math.floor(random() * 30 * DAY_S)
    : nowS + DAY_S + Math.floor(random() * 365 * DAY_S);
  return {
    session: S(`ses_${bytes(9, random)}`),
    customer: N(index % SAMPLE_COUNTS.customers),
    [TTL_ATTRIBUTE]: N(expires),
    agent: S('Mozilla/5.0 (sample)'),
    seen: { L: [N(index), { BOOL: isExpired }] },
  };
}

/** Item `index` of a table; `nowS` places the expiries. */
export function sampleItem(table: SampleTable, index: number, nowS: number): WireItem {
  if (table === 'orders') return order(index);
  if (table === 'customers') return customer(index);
  return session(index, nowS);
}

export const sampleTableInput = (table: SampleTable) => ({
  TableName: table,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: KEYS[table].map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
  KeySchema: KEYS[table].map(({ name }, at) => ({ AttributeName: name, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
});

async function fill(
  engine: Engine,
  table: SampleTable,
  { nowS, count }: { nowS: number; count: number },
): Promise<number> {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const from = next;
      next += BATCH_ITEMS;
      const size = Math.min(BATCH_ITEMS, count - from);
      const entries = Array.from({ length: size }, (_, at) => ({
        PutRequest: { Item: sampleItem(table, from + at, nowS) },
      }));
      // As text, the way it would come over the wire: the engine renames `__proto__` while it parses.
      const answer = await engine.execute('BatchWriteItem', JSON.stringify({ RequestItems: { [table]: entries } }));
      if (answer.status !== 200) throw new Error(`Sample data of ${table} was refused: ${answer.body}`);
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, lane));
  return count;
}

/** The mark of a table that was filled to its end; a start that was cut short fills again. */
const isFilled = async (engine: Engine, table: SampleTable): Promise<boolean> => {
  const answer = await engine.execute('ListTagsOfResource', JSON.stringify({ ResourceArn: arnOf(table) }));
  return answer.status === 200 && answer.body.includes('landfall-sample');
};
const arnOf = (table: string) => `arn:aws:dynamodb:us-east-1:000000000000:table/${table}`;

export interface Loaded {
  items: number;
  loadMs: number;
}

/** Makes and fills the tables that are not there yet, `orders` with so many items; null when all were. */
export async function loadSampleData(
  engine: Engine,
  nowS: number,
  orders: number = SAMPLE_COUNTS.orders,
): Promise<Loaded | null> {
  const began = performance.now();
  let items = 0;
  for (const table of SAMPLE_TABLES) {
    if (await isFilled(engine, table)) continue;
    const made = await engine.execute('CreateTable', JSON.stringify(sampleTableInput(table)));
    if (made.status !== 200 && !made.body.includes('#ResourceInUseException')) throw new Error(made.body);
    await becomesActive(engine, table);
    items += await fill(engine, table, { nowS, count: table === 'orders' ? orders : SAMPLE_COUNTS[table] });
    engine.counts.forget(table);
    if (table === 'sessions') await setTtl(engine, table);
    const Tags = [{ Key: 'landfall-sample', Value: 'filled' }];
    const tagged = await engine.execute('TagResource', JSON.stringify({ ResourceArn: arnOf(table), Tags }));
    if (tagged.status !== 200) throw new Error(tagged.body);
  }
  return items === 0 ? null : { items, loadMs: Math.round(performance.now() - began) };
}

const ACTIVE_LOOKS_MAX = 500;

async function becomesActive(engine: Engine, table: string): Promise<void> {
  for (let looks = 0; looks < ACTIVE_LOOKS_MAX; looks += 1) {
    const { body } = await engine.execute('DescribeTable', JSON.stringify({ TableName: table }));
    if (body.includes('"TableStatus":"ACTIVE"')) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`Table ${table} did not become active`);
}

async function setTtl(engine: Engine, table: string): Promise<void> {
  const spec = { TableName: table, TimeToLiveSpecification: { AttributeName: TTL_ATTRIBUTE, Enabled: true } };
  const { body } = await engine.execute('DescribeTimeToLive', JSON.stringify({ TableName: table }));
  if (!body.includes('"ENABLED"')) await engine.execute('UpdateTimeToLive', JSON.stringify(spec));
}
