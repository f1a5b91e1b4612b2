/**
 * The end of the story: are both stores equal, and is every acknowledged write in them? Shares no code with the rooms
 * that copied and verified: scans of its own over plain HTTP, a comparison of its own, and the application's own
 * record, since two equal tables can both lack a write. Not the SDK: it loses the value of an attribute that is called
 * `__proto__`.
 */
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { type LoggedWrite, readApplicationLogs, type SdkItem } from '@/lib/sandbox/application-log';

export interface StoreAddress {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}
export interface ComparedTable {
  source: string;
  target: string;
  /** Names of the key attributes. */
  key: string[];
  ttlAttribute?: string;
}
export interface EqualityInput {
  source: StoreAddress;
  target: StoreAddress;
  tables: ComparedTable[];
  /** Directory of the application's record; its writes are looked up in the table that they name. */
  logDir?: string;
  /** Stores that the record is held against; both unless the source has been closed for good. */
  against?: ('source' | 'target')[];
}
export interface EqualityReport {
  problems: string[];
  itemsCompared: number;
  itemsExpired: number;
  keysInRecord: number;
  writesAcked: number;
  writesUnknown: number;
}

const PROBLEMS_MAX = 200;
/** Expiry is a matter of minutes, and of clocks. */
const CLOCK_TOLERANCE_S = 300;

/** `-0012.340e2` and `-1234` are one number: sign, digits without zeros at the ends, exponent of the last digit. */
function plainNumber(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  if (kept === '') return '0';
  return `${sign === '-' ? '-' : ''}${kept}e${Number(exponent) - fraction.length + (digits.length - kept.length)}`;
}

const base64 = (bytes: unknown): string => {
  if (typeof bytes === 'string') return bytes;
  if (bytes instanceof Uint8Array) return Buffer.from(bytes).toString('base64');
  return (bytes as { base64: string }).base64;
};

/** One text for one value, whatever the order of attributes and of a set's members. */
function textOf(value: unknown): string {
  const [type, inner] = Object.entries(value as object).filter(([name]) => name !== '$unknown')[0] as [string, never];
  switch (type) {
    case 'N':
      return `N:${plainNumber(inner)}`;
    case 'B':
      return `B:${base64(inner)}`;
    case 'NS':
      return `NS:${(inner as string[]).map(plainNumber).sort().join('|')}`;
    case 'BS':
      return `BS:${(inner as unknown[]).map(base64).sort().join('|')}`;
    case 'SS':
      return `SS:${JSON.stringify([...(inner as string[])].sort())}`;
    case 'L':
      return `L:[${(inner as unknown[]).map(textOf).join(',')}]`;
    case 'M':
      return `M:${itemText(inner)}`;
    default:
      return `${type}:${JSON.stringify(inner)}`;
  }
}
const itemText = (item: SdkItem): string =>
  `{${Object.keys(item)
    .sort()
    .map((name) => `${JSON.stringify(name)}=${textOf(item[name])}`)
    .join(',')}}`;

const keyText = (item: SdkItem, key: string[]): string =>
  key.map((name) => `${name}=${item[name] ? textOf(item[name]) : '?'}`).join(' ');

/** Hash or keyed hash in the shape that the signer asks for. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = secret === undefined || typeof secret === 'string' ? secret : Buffer.from(secret as Uint8Array);
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

async function scanPage(store: StoreAddress, ask: object): Promise<{ Items?: SdkItem[]; LastEvaluatedKey?: SdkItem }> {
  const url = new URL(store.endpoint);
  const body = JSON.stringify(ask);
  const signer = new SignatureV4({
    credentials: store.credentials,
    region: store.region,
    service: 'dynamodb',
    sha256: Sha256 as never,
  });
  const signed = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    port: Number(url.port),
    path: '/',
    query: {},
    headers: {
      host: url.host,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.Scan',
    },
    body,
  });
  const { host: _, ...headers } = signed.headers;
  const answer = await fetch(url, { method: 'POST', headers, body });
  if (!answer.ok)
    throw new Error(`${store.endpoint} answered ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
  return (await answer.json()) as { Items?: SdkItem[]; LastEvaluatedKey?: SdkItem };
}

async function readAll(store: StoreAddress, table: string, key: string[]): Promise<Map<string, SdkItem>> {
  const items = new Map<string, SdkItem>();
  let ExclusiveStartKey: SdkItem | undefined;
  do {
    const page = await scanPage(store, { TableName: table, ConsistentRead: true, ExclusiveStartKey });
    for (const item of page.Items ?? []) items.set(keyText(item, key), item);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return items;
}

const isExpiring = (item: SdkItem | undefined, ttlAttribute: string | undefined, nowS: number): boolean => {
  const at = ttlAttribute === undefined ? undefined : item?.[ttlAttribute]?.N;
  return at !== undefined && Number(at) < nowS + CLOCK_TOLERANCE_S;
};

type Items = Map<string, SdkItem>;

function compare(table: ComparedTable, sides: { source: Items; target: Items }, report: EqualityReport): void {
  const nowS = Date.now() / 1000;
  for (const key of new Set([...sides.source.keys(), ...sides.target.keys()])) {
    const source = sides.source.get(key);
    const target = sides.target.get(key);
    if (isExpiring(source, table.ttlAttribute, nowS) || isExpiring(target, table.ttlAttribute, nowS)) {
      report.itemsExpired += 1;
      continue;
    }
    report.itemsCompared += 1;
    const name = `${table.source}: ${key}`;
    if (!target) report.problems.push(`${name} is missing on the target`);
    else if (!source) report.problems.push(`${name} is on the target alone`);
    else if (itemText(source) !== itemText(target)) report.problems.push(`${name} differs`);
  }
}

/** Why what stands there cannot follow from the record; null when it can. */
function contradiction(writes: LoggedWrite[], found: SdkItem | undefined): string | null {
  const kind = writes[0]?.kind;
  if (kind === 'own') return ownContradiction(writes, found);
  if (kind === 'shared') return sharedContradiction(writes, found);
  return contendedContradiction(writes, found);
}

const isSame = (found: SdkItem | undefined, leaves: SdkItem | null | undefined): boolean =>
  found && leaves ? itemText(found) === itemText(leaves) : !found && !leaves;

/** One writer, one request after the other: the last acknowledged write stands there, or an unknown one after it. */
function ownContradiction(writes: LoggedWrite[], found: SdkItem | undefined): string | null {
  const applied = writes.filter((write) => write.outcome !== 'refused').sort((a, b) => a.sequence - b.sequence);
  const lastAcked = applied.findLast((write) => write.outcome === 'acked');
  const candidates = [
    lastAcked ? lastAcked.leaves : null,
    ...applied.filter((write) => write.outcome === 'unknown').map((write) => write.leaves),
  ];
  if (candidates.some((leaves) => isSame(found, leaves))) return null;
  return `the last acknowledged write (${lastAcked?.operation ?? 'none'}) is not what stands there`;
}

/** Counters: at least the acknowledged additions, at most those and the unknown ones. */
function sharedContradiction(writes: LoggedWrite[], found: SdkItem | undefined): string | null {
  for (const counter of new Set(writes.map((write) => write.counter as string))) {
    const mine = writes.filter((write) => write.counter === counter);
    const acked = mine.filter((write) => write.outcome === 'acked').length;
    const unknown = mine.filter((write) => write.outcome === 'unknown').length;
    const stands = Number(found?.[counter]?.N ?? 0);
    if (stands < acked || stands > acked + unknown) {
      return `${counter} is ${stands}; ${acked} additions were acknowledged and ${unknown} are unknown`;
    }
  }
  return null;
}

/** Two writers: what stands there is a write that no acknowledged write began after the end of. */
function contendedContradiction(writes: LoggedWrite[], found: SdkItem | undefined): string | null {
  const acked = writes.filter((write) => write.outcome === 'acked');
  const isOvertaken = (write: LoggedWrite) => acked.some((later) => later.beganUs > write.endedUs);
  const candidates = writes.filter((write) => write.outcome !== 'refused' && !isOvertaken(write));
  if (candidates.some((write) => isSame(found, write.leaves))) return null;
  if (acked.length === 0 && !found) return null;
  return 'what stands there was overtaken by an acknowledged write, or never written';
}

function holdAgainstRecord(
  writes: LoggedWrite[],
  stores: { side: string; table: ComparedTable; items: Items }[],
  report: EqualityReport,
): void {
  for (const { side, table, items } of stores) {
    const byKey = new Map<string, LoggedWrite[]>();
    for (const write of writes) {
      if (write.table !== table.source) continue;
      const key = keyText(write.key, table.key);
      const ofKey = byKey.get(key);
      if (ofKey) ofKey.push(write);
      else byKey.set(key, [write]);
    }
    report.keysInRecord = Math.max(report.keysInRecord, byKey.size);
    for (const [key, ofKey] of byKey) {
      const why = contradiction(ofKey, items.get(key));
      if (why) report.problems.push(`${table.source}: ${key} on the ${side}: ${why}`);
    }
  }
}

/** Reads both stores whole and compares. Call it once writes have stopped. `problems` is empty when all is well. */
export async function checkEquality(input: EqualityInput): Promise<EqualityReport> {
  const report: EqualityReport = {
    problems: [],
    ...{ itemsCompared: 0, itemsExpired: 0, keysInRecord: 0, writesAcked: 0, writesUnknown: 0 },
  };
  const against = input.against ?? ['source', 'target'];
  const stores: { side: string; table: ComparedTable; items: Items }[] = [];
  for (const table of input.tables) {
    const source = await readAll(input.source, table.source, table.key);
    const target = await readAll(input.target, table.target, table.key);
    compare(table, { source, target }, report);
    if (against.includes('source')) stores.push({ side: 'source', table, items: source });
    if (against.includes('target')) stores.push({ side: 'target', table, items: target });
  }
  if (input.logDir !== undefined) {
    const writes = readApplicationLogs(input.logDir);
    report.writesAcked = writes.filter((write) => write.outcome === 'acked').length;
    report.writesUnknown = writes.filter((write) => write.outcome === 'unknown').length;
    if (report.writesAcked === 0) report.problems.push('The record holds no acknowledged write: nothing was proven');
    holdAgainstRecord(writes, stores, report);
  }
  report.problems.length = Math.min(report.problems.length, PROBLEMS_MAX);
  return report;
}
