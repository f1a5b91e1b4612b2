/**
 * A store that answers from prebuilt bytes, in a process of its own, so that what is measured is the client. Scan gives
 * one page after the other for ever; BatchGetItem gives what was asked for, in reverse; BatchWriteItem takes everything.
 * While it checks, it decodes and compares every item that is written, and verifies every signature.
 */
import { createServer, type Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import { signingKey } from '@/lib/adapters/dynamodb/sigv4';
import { verifyRequest } from '@/lib/adapters/dynamodb/verify';
import type { WireItem } from '@/lib/adapters/ports';
import { BENCH_CREDENTIALS, BENCH_TABLE, benchItems } from './items';

/** Items of which the target's copy differs while it checks: every `DIFFERENT_EVERY`th. */
export const DIFFERENT_EVERY = 97;

export interface StubCounts {
  written: number;
  wrong: number;
  unsigned: number;
  scanned: number;
  got: number;
}
export type StubAsk = { kind: 'check'; isOn: boolean } | { kind: 'counts' };

const items = benchItems();
const texts = items.map((item) => JSON.stringify(item));
const keyOf = (item: WireItem): string => `${item.customer?.S} ${item.order?.N}`;
const placeByKey = new Map(items.map((item, at) => [keyOf(item), at]));
const bodies = texts.map((text) => Buffer.from(text));
const different = items.map((item, at) =>
  at % DIFFERENT_EVERY === 0 ? Buffer.from(JSON.stringify({ ...item, status: { S: 'other' } })) : bodies[at],
) as Buffer[];
const counts: StubCounts = { written: 0, wrong: 0, unsigned: 0, scanned: 0, got: 0 };
let isChecking = false;

function answerOf(parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head =
    'HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nx-amzn-requestid: BENCH\r\n' +
    `x-amz-crc32: ${crc32(body)}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

const pages = new Map<number, { answer: Buffer; count: number }[]>();

/** Every page has a next one, so that a scan never ends. */
function pagesOf(limit: number): { answer: Buffer; count: number }[] {
  const known = pages.get(limit);
  if (known) return known;
  const made: { answer: Buffer; count: number }[] = [];
  for (let from = 0; from < items.length; from += limit) {
    const part = items.slice(from, from + limit);
    const last = part.at(-1) as WireItem;
    const page = {
      Count: part.length,
      Items: part,
      LastEvaluatedKey: { customer: last.customer, order: last.order },
      ScannedCount: part.length,
      ConsumedCapacity: { TableName: BENCH_TABLE, CapacityUnits: 64 },
    };
    made.push({ answer: answerOf([Buffer.from(JSON.stringify(page))]), count: part.length });
  }
  pages.set(limit, made);
  return made;
}

/** As the service answers where nobody asked what was consumed: no client of the bench does for a write. */
const WRITTEN = answerOf([Buffer.from('{"UnprocessedItems":{}}')]);
const GOT_HEAD = Buffer.from(`{"Responses":{"${BENCH_TABLE}":[`);
const GOT_TAIL = Buffer.from(
  `]},"UnprocessedKeys":{},"ConsumedCapacity":[{"TableName":"${BENCH_TABLE}","CapacityUnits":100.0}]}`,
);
const COMMA = Buffer.from(',');
let nextPage = 0;

function scan(body: Buffer): Buffer {
  const { Limit } = JSON.parse(body.toString()) as { Limit?: number };
  const made = pagesOf(Math.min(Limit ?? items.length, items.length));
  nextPage += 1;
  const page = made[nextPage % made.length] as { answer: Buffer; count: number };
  counts.scanned += page.count;
  return page.answer;
}

function get(body: Buffer): Buffer {
  const { RequestItems } = JSON.parse(body.toString()) as { RequestItems: Record<string, { Keys: WireItem[] }> };
  const keys = RequestItems[BENCH_TABLE]?.Keys ?? [];
  const parts: Buffer[] = [GOT_HEAD];
  for (const key of keys.reverse()) {
    const at = placeByKey.get(keyOf(key));
    if (at === undefined) counts.wrong += 1;
    else parts.push(...(parts.length > 1 ? [COMMA] : []), (isDifferent ? different : bodies)[at] as Buffer);
  }
  counts.got += keys.length;
  parts.push(GOT_TAIL);
  return answerOf(parts);
}

/** On the port of the copy that differs, batch reads show it. */
let isDifferent = false;

function write(body: Buffer): Buffer {
  if (isChecking) {
    const { RequestItems } = JSON.parse(body.toString()) as {
      RequestItems: Record<string, { PutRequest: { Item: WireItem } }[]>;
    };
    for (const { PutRequest } of RequestItems[BENCH_TABLE] ?? []) {
      const at = placeByKey.get(keyOf(PutRequest.Item));
      counts.written += 1;
      if (at === undefined || !isDeepStrictEqual(PutRequest.Item, JSON.parse(texts[at] as string))) counts.wrong += 1;
    }
  }
  return WRITTEN;
}

function checkSignature(head: string, body: Buffer): void {
  const headers: Record<string, string> = {};
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const verified = verifyRequest({
    method: 'POST',
    path: '/',
    headers,
    body,
    nowMs: Date.now(),
    service: 'dynamodb',
    signingKeyFor: (_id, scope) => signingKey(BENCH_CREDENTIALS.secretAccessKey, scope),
  });
  if (!verified.ok) counts.unsigned += 1;
}

function serve(socket: Socket, showDifferent: boolean): void {
  socket.setNoDelay(true);
  let held: Buffer = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (;;) {
      const headEnd = held.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const head = held.toString('latin1', 0, headEnd);
      const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (held.length < end) return;
      const body = held.subarray(headEnd + 4, end);
      const operation = /x-amz-target: *DynamoDB_20120810\.(\w+)/i.exec(head)?.[1];
      if (isChecking) checkSignature(head, body);
      isDifferent = showDifferent && isChecking;
      socket.write(operation === 'Scan' ? scan(body) : operation === 'BatchGetItem' ? get(body) : write(body));
      held = held.subarray(end);
    }
  });
}

const listen = (showDifferent: boolean) =>
  new Promise<number>((done) => {
    const server = createServer((socket) => serve(socket, showDifferent));
    server.listen(0, '127.0.0.1', () => done((server.address() as { port: number }).port));
  });

const [source, target] = await Promise.all([listen(false), listen(true)]);
process.on('message', (ask: StubAsk) => {
  if (ask.kind === 'check') isChecking = ask.isOn;
  process.send?.({ kind: 'counts', counts: { ...counts } });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready', source, target, items: items.length });
