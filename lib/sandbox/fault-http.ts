/** Plays faults on an HTTP answer; the sandbox's shims and the tests' proxy serve through it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ActiveFault, whenRemoved } from './faults';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

export const JSON_TYPE = 'application/x-amz-json-1.0';
const PROBLEM_TYPE = 'application/problem+json';
const RETRY_AFTER_S = 1;
const DELAY_MS = 1_000;

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

export const jsonAnswer = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': JSON_TYPE, ...headers },
  body: JSON.stringify(body),
});

/** TerraScale's 429: problem+json with Retry-After in whole seconds. */
export function throttled(retryAfterS: number, limits: { limit: number; resetAtS: number; detail: string }): Answer {
  const body = {
    type: 'https://docs.terrascale.io/errors/rate-limit',
    title: 'Too Many Requests',
    status: 429,
    detail: limits.detail,
    retryAfter: retryAfterS,
  };
  return {
    status: 429,
    headers: {
      'content-type': PROBLEM_TYPE,
      'retry-after': String(retryAfterS),
      'x-ratelimit-limit': String(limits.limit),
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(limits.resetAtS),
    },
    body: JSON.stringify(body),
  };
}

export function writeAnswer(response: ServerResponse, answer: Answer): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(answer.body) });
  response.end(answer.body);
}

const end = (request: IncomingMessage) => request.socket.destroy();
const reset = (request: IncomingMessage) => request.socket.resetAndDestroy();

function truncate(response: ServerResponse, answer: Answer): void {
  const whole = Buffer.from(answer.body);
  response.writeHead(answer.status, { ...answer.headers, 'content-length': whole.length });
  response.write(whole.subarray(0, Math.floor(whole.length / 2)), () => response.destroy());
}

const REST_LISTS: Record<string, 'items' | 'keys'> = { RestBatchWrite: 'items', RestBatchGet: 'keys' };

/** Over REST every second entry fails inside an answer of 200, as the reference has partial failures. */
async function partiallyRest(list: 'items' | 'keys', body: string, apply: Exchange['apply']): Promise<Answer> {
  const request = JSON.parse(body) as Record<string, { pk: string; sk?: string }[]>;
  const all = request[list] ?? [];
  const left = all
    .filter((_, index) => index % 2 === 1)
    .map(({ pk, sk }) => ({ pk, ...(sk === undefined ? {} : { sk }) }));
  const answer = await apply(JSON.stringify({ ...request, [list]: all.filter((_, index) => index % 2 === 0) }));
  if (answer.status !== 200 || left.length === 0) return answer;
  const parsed = JSON.parse(answer.body.toString()) as {
    failedCount?: number;
    errors?: object[];
    unprocessedKeys?: object[];
  };
  const told =
    list === 'keys'
      ? { unprocessedKeys: [...(parsed.unprocessedKeys ?? []), ...left] }
      : {
          failedCount: (parsed.failedCount ?? 0) + left.length,
          errors: [...(parsed.errors ?? []), ...left.map((key) => ({ ...key, error: 'Scripted failure' }))],
        };
  return { ...answer, body: JSON.stringify({ ...parsed, ...told }) };
}

/** Keeps every second entry of a BatchWriteItem or BatchGetItem back, and adds those to what was left anyway. */
async function partially(operation: string, body: string, apply: (body: string) => Promise<Answer>): Promise<Answer> {
  const list = REST_LISTS[operation];
  if (list) return await partiallyRest(list, body, apply);
  const left = { BatchWriteItem: 'UnprocessedItems', BatchGetItem: 'UnprocessedKeys' }[operation];
  if (!left) return await apply(body);
  const request = JSON.parse(body) as { RequestItems: Record<string, unknown[] | { Keys: unknown[] }> };
  const kept: Record<string, unknown> = {};
  const taken: Record<string, unknown> = {};
  for (const [table, entries] of Object.entries(request.RequestItems)) {
    const list = Array.isArray(entries) ? entries : entries.Keys;
    const wrap = (some: unknown[]) => (Array.isArray(entries) ? some : { ...entries, Keys: some });
    const even = list.filter((_, index) => index % 2 === 0);
    const odd = list.filter((_, index) => index % 2 === 1);
    taken[table] = wrap(even);
    if (odd.length > 0) kept[table] = wrap(odd);
  }
  const answer = await apply(JSON.stringify({ ...request, RequestItems: taken }));
  if (answer.status !== 200) return answer;
  const parsed = JSON.parse(answer.body.toString()) as Record<string, object | undefined>;
  return { ...answer, body: JSON.stringify({ ...parsed, [left]: { ...parsed[left], ...kept } }) };
}

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  operation: string;
  body: string;
  /** Applies the request (or a part of it) and gives the honest answer. */
  apply(body: string): Promise<Answer>;
}

/** The store's own checksum spoke of the honest body. */
function rubbish({ answerBody, contentType }: ActiveFault, honest: Answer): Answer {
  const { 'x-amz-crc32': _, ...headers } = honest.headers;
  if (contentType !== undefined) headers['content-type'] = contentType;
  return { status: 200, headers, body: answerBody ?? '<html>it works</html>' };
}

/** Serves one request with the fault that hits it, or honestly when `fault` is null. */
export async function serveWithFault(fault: ActiveFault | null, exchange: Exchange): Promise<void> {
  const { request, response, operation, body, apply } = exchange;
  const delayMs = fault?.delayMs ?? DELAY_MS;
  switch (fault?.kind) {
    case undefined:
      return writeAnswer(response, await apply(body));
    case 'delay':
      await pause(delayMs);
      return writeAnswer(response, await apply(body));
    case 'held':
      await whenRemoved(fault);
      return writeAnswer(response, await apply(body));
    case 'drop_before':
      return void end(request);
    case 'drop_after':
      await apply(body);
      return void end(request);
    case 'reset':
      return void reset(request);
    case 'reset_after':
      await apply(body);
      return void reset(request);
    case 'throttle': {
      const retryAfterS = fault.retryAfterS ?? RETRY_AFTER_S;
      const resetAtS = Math.ceil(Date.now() / 1000) + retryAfterS;
      return writeAnswer(response, throttled(retryAfterS, { limit: 0, resetAtS, detail: 'Scripted throttling' }));
    }
    case 'throttle_dynamodb': {
      const __type = 'com.amazon.coral.availability#ThrottlingException';
      return writeAnswer(
        response,
        jsonAnswer(400, { __type, message: 'Rate of requests exceeds the allowed throughput.' }),
      );
    }
    case 'server_error_after':
      await apply(body);
      return writeAnswer(response, jsonAnswer(500, { __type: 'InternalServerError', message: 'Scripted failure' }));
    case 'server_error':
      return writeAnswer(response, jsonAnswer(500, { __type: 'InternalServerError', message: 'Scripted failure' }));
    case 'garbage':
      return writeAnswer(response, rubbish(fault, await apply(body)));
    case 'truncated':
      return truncate(response, await apply(body));
    case 'freeze':
      return;
    case 'late':
      await pause(delayMs);
      await apply(body);
      return;
    case 'partial':
      return writeAnswer(response, await partially(operation, body, apply));
  }
}
