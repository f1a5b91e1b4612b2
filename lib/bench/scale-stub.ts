/**
 * A store for the benches of scale and of storms, in a process of its own: a table of any number of items that is
 * computed and never held, an answer after a given time, and a limiter that turns calls away like a store's own.
 * `source` and `target` are the two stores, `live` the target as applications reach it, with a key of their own.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { WireItem } from '@/lib/adapters/ports';

export interface StubSettings {
  items: number;
  serviceMs: number;
  /** Requests a second that the target takes on all its keys; null: any number. */
  requestsPerSecond: number | null;
  storm: StormSettings | null;
}

export interface StormSettings {
  /** Times between the end of one refusal and the next, uniform, and the Retry-After that is named. */
  openMsMin: number;
  openMsMax: number;
  retryAfterS: readonly number[];
  /** Requests that arrive so soon after the first answer of a refusal were under way: nobody could know. */
  hearingMs: number;
}

export interface StubCounts {
  written: number;
  accepted: number;
  refused: number;
  /** Turned away by the rate alone, outside every named time. */
  overRate: number;
  liveRefused: number;
  refusals: number;
  underWay: number;
  inside: number;
  /** Latest arrival after the first answer of a refusal among those that were under way, ms. */
  underWayMsMax: number;
  /** Time outside every named Retry-After since the settings were made. */
  openMs: number;
  passedMs: number;
}

const BURST_S = 0.5;
const BODY = 'x'.repeat(220);
const TABLE = 'bench-scale';

let settings: StubSettings = { items: 1_000, serviceMs: 0, requestsPerSecond: null, storm: null };
let counts = fresh();
let beganMs = performance.now();
let tokens = { left: 0, atMs: 0 };
let refusal = { firstMs: 0, endsMs: 0, quietUntilMs: 0, nextMs: Number.POSITIVE_INFINITY };
let quietMs = 0;
let seed = 20_261_126;

function fresh(): StubCounts {
  const none = { written: 0, accepted: 0, refused: 0, overRate: 0, liveRefused: 0, refusals: 0, underWay: 0 };
  return { ...none, inside: 0, underWayMsMax: 0, openMs: 0, passedMs: 0 };
}

function random(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
}

const nextRefusalMs = (afterMs: number): number => {
  const { storm } = settings;
  if (!storm) return Number.POSITIVE_INFINITY;
  return afterMs + storm.openMsMin + random() * (storm.openMsMax - storm.openMsMin);
};

const itemText = (at: number): string =>
  `{"customer":{"S":"customer-${at % 5_003}"},"order":{"N":"${at}"},"isPaid":{"BOOL":true},"note":{"S":"${BODY}"}}`;

function scan(ask: { Segment?: number; TotalSegments?: number; Limit?: number; ExclusiveStartKey?: WireItem }): string {
  const total = ask.TotalSegments ?? 1;
  const from = Math.floor((settings.items * (ask.Segment ?? 0)) / total);
  const to = Math.floor((settings.items * ((ask.Segment ?? 0) + 1)) / total);
  const start = ask.ExclusiveStartKey ? Number(ask.ExclusiveStartKey.order?.N) + 1 : from;
  const end = Math.min(to, start + Math.min(ask.Limit ?? 1_000, 3_000));
  const texts: string[] = [];
  for (let at = start; at < end; at += 1) texts.push(itemText(at));
  const last = `{"customer":{"S":"customer-${(end - 1) % 5_003}"},"order":{"N":"${end - 1}"}}`;
  const more = end < to ? `,"LastEvaluatedKey":${last}` : '';
  return `{"Count":${texts.length},"ScannedCount":${texts.length},"Items":[${texts.join(',')}]${more}}`;
}

function get(ask: { RequestItems: Record<string, { Keys: WireItem[] }> }): string {
  const texts = (ask.RequestItems[TABLE]?.Keys ?? []).map((key) => itemText(Number(key.order?.N)));
  return `{"Responses":{"${TABLE}":[${texts.join(',')}]},"UnprocessedKeys":{}}`;
}

/** Seconds to name in a 429, or null where the call is taken. */
function limiter(isLive: boolean): number | null {
  const nowMs = performance.now();
  const { storm, requestsPerSecond } = settings;
  if (storm && !isLive) {
    const named = refusalOf(storm, nowMs);
    if (named !== null) return named;
  }
  if (requestsPerSecond === null) return null;
  const grown = tokens.left + ((nowMs - tokens.atMs) / 1_000) * requestsPerSecond;
  tokens = { left: Math.min(requestsPerSecond * BURST_S, grown), atMs: nowMs };
  if (tokens.left < 1) {
    if (isLive) counts.liveRefused += 1;
    else counts.overRate += 1;
    return 1;
  }
  tokens.left -= 1;
  return null;
}

function refusalOf(storm: StormSettings, nowMs: number): number | null {
  if (nowMs < refusal.quietUntilMs) {
    const afterMs = nowMs - refusal.firstMs;
    if (afterMs <= storm.hearingMs) {
      counts.underWay += 1;
      counts.underWayMsMax = Math.max(counts.underWayMsMax, afterMs);
    } else counts.inside += 1;
  }
  if (nowMs >= refusal.nextMs) {
    const named = storm.retryAfterS[Math.floor(random() * storm.retryAfterS.length)] as number;
    const endsMs = nowMs + named * 1_000;
    refusal = { firstMs: nowMs, endsMs, quietUntilMs: nowMs, nextMs: nextRefusalMs(endsMs) };
    counts.refusals += 1;
  }
  if (nowMs >= refusal.endsMs) return null;
  const named = Math.ceil((refusal.endsMs - nowMs) / 1_000);
  // Every answer names a time of its own; what is quiet is the union of them all.
  const untilMs = nowMs + named * 1_000;
  quietMs += untilMs - Math.max(nowMs, refusal.quietUntilMs);
  refusal.quietUntilMs = untilMs;
  return named;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function answer(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  const type = { 'content-type': 'application/x-amz-json-1.0', 'content-length': String(Buffer.byteLength(body)) };
  response.writeHead(status, { ...type, ...headers }).end(body);
}

async function serve(of: 'source' | 'target' | 'live', request: IncomingMessage, response: ServerResponse) {
  const named = of === 'source' ? null : limiter(of === 'live');
  const text = await bodyOf(request);
  if (named !== null) {
    counts.refused += 1;
    return answer(response, 429, '{"__type":"ThrottlingException","message":"slow down"}', {
      'retry-after': String(named),
    });
  }
  const operation = String(request.headers['x-amz-target']).split('.')[1];
  if (settings.serviceMs > 0) await new Promise((done) => setTimeout(done, settings.serviceMs));
  if (of === 'target') counts.accepted += 1;
  if (operation === 'Scan') return answer(response, 200, scan(JSON.parse(text)));
  if (operation === 'BatchGetItem') return answer(response, 200, get(JSON.parse(text)));
  if (operation === 'BatchWriteItem') counts.written += text.split('"PutRequest"').length - 1;
  return answer(response, 200, '{"UnprocessedItems":{}}');
}

const listen = (of: 'source' | 'target' | 'live') =>
  new Promise<string>((done) => {
    const server = createServer((request, response) => void serve(of, request, response));
    server.keepAliveTimeout = 60_000;
    server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${(server.address() as { port: number }).port}`));
  });

/** Settings by POST begin a new count; GET tells the counts. */
const admin = createServer(async (request, response) => {
  const nowMs = performance.now();
  if (request.method === 'POST') {
    settings = JSON.parse(await bodyOf(request)) as StubSettings;
    counts = fresh();
    beganMs = nowMs;
    quietMs = 0;
    tokens = { left: (settings.requestsPerSecond ?? 0) * BURST_S, atMs: nowMs };
    refusal = { firstMs: 0, endsMs: 0, quietUntilMs: 0, nextMs: nextRefusalMs(nowMs) };
  }
  const passedMs = nowMs - beganMs;
  const openMs = passedMs - quietMs + Math.max(0, refusal.quietUntilMs - nowMs);
  answer(response, 200, JSON.stringify({ ...counts, passedMs, openMs }));
});

const [source, target, live] = await Promise.all([listen('source'), listen('target'), listen('live')]);
admin.listen(0, '127.0.0.1', () => {
  const { port } = admin.address() as { port: number };
  const ready = { ready: true, source, target, live, admin: `http://127.0.0.1:${port}` };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
});
process.on('SIGTERM', () => process.exit(0));
