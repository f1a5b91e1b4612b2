import { crc32 } from 'node:zlib';
import type { WireOutcome } from '../ports';
import { parseObject } from './parse-body';

/**
 * What an answer says about the request (PROTOCOL W7). Only a refusal that is named is a known failure: a 4xx with an
 * error type, DynamoDB's `__type` or TerraScale's problem+json; a 429, which is a refusal by its status; and a 413, which
 * stores send without a readable body. Every other failure is unknown: the write may have happened.
 */
export interface WireAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** Longest error body that is read; stores send a few hundred bytes. */
export const ERROR_BYTES_MAX = 1024 * 1024;

export function classifyAnswer(answer: WireAnswer, nowMs: number, isReadByCaller = false): WireOutcome {
  const { status, headers, body: bytes } = answer;
  if (status === 200 && isDecodable(answer, isReadByCaller)) return { kind: 'ok', status, headers, body: bytes };
  if (status === 200) return unreadable(answer, 'answer is no JSON');
  if (status >= 500) {
    const message = messageOf(errorBody(answer)) ?? `status ${status}`;
    return { kind: 'unknown', cause: 'server_error', ...answer, message };
  }
  if (status < 400) return unreadable(answer, `status ${status} is not part of the protocol`);
  const body = errorBody(answer);
  const errorType = errorTypeOf(answer, body);
  if (errorType === null) return unreadable(answer, `status ${status} without an error type`);
  return {
    kind: 'refused',
    ...answer,
    errorType,
    message: messageOf(body) ?? '',
    retryAfterMs: retryAfterMsOf(answer.headers, nowMs) ?? bodyRetryAfterMs(body),
  };
}

function unreadable(answer: WireAnswer, message: string): WireOutcome {
  return { kind: 'unknown', cause: 'undecodable', ...answer, message };
}

/** The store's own checksum proves the bytes without parsing them; without one the answer is parsed, here or by who asked. */
function isDecodable({ headers, body }: WireAnswer, isReadByCaller: boolean): boolean {
  // TagResource and UntagResource answer with nothing; the request id tells a store's answer from a proxy's.
  if (body.length === 0) return headers['x-amzn-requestid'] !== undefined;
  if (body[0] !== 0x7b) return false;
  const declared = headers['x-amz-crc32'];
  if (declared !== undefined) return Number(declared) === crc32(body);
  return isReadByCaller || parseObject(body) !== null;
}

type Body = Record<string, unknown> | null;

function errorBody({ body }: WireAnswer): Body {
  return body.length === 0 || body.length > ERROR_BYTES_MAX ? null : parseObject(body);
}

function errorTypeOf(answer: WireAnswer, body: Body): string | null {
  const named = text(body?.__type) ?? text(answer.headers['x-amzn-errortype']?.split(':')[0]);
  if (named !== null) return text(named.slice(named.lastIndexOf('#') + 1)) ?? named;
  if (answer.status === 429) return 'TooManyRequests';
  return problemType(answer, body) ?? (answer.status === 413 ? 'RequestEntityTooLarge' : null);
}

/** RFC 9457: the last part of the `type` URI, else the title; `about:blank` names nothing. */
function problemType(answer: WireAnswer, body: Body): string | null {
  if (body === null) return null;
  const isProblem = answer.headers['content-type']?.startsWith('application/problem+json') ?? false;
  if (!isProblem && !(text(body.type) !== null && text(body.title) !== null)) return null;
  const code = text(body.code);
  const uri = text(body.type);
  const part = uri === null || uri === 'about:blank' ? null : text(uri.split(/[/#:]/).at(-1));
  return code ?? part ?? text(body.title)?.replace(/[^A-Za-z0-9]/g, '') ?? null;
}

function messageOf(body: Body): string | null {
  return text(body?.message) ?? text(body?.Message) ?? text(body?.detail) ?? text(body?.title);
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** `Retry-After` in seconds or as a date, or AWS's `x-amz-retry-after` in milliseconds; null where there is none. */
export function retryAfterMsOf(headers: Record<string, string>, nowMs: number): number | null {
  const standard = headers['retry-after'];
  if (standard !== undefined) {
    const seconds = Number(standard);
    if (standard.trim() !== '' && Number.isFinite(seconds)) return seconds >= 0 ? Math.ceil(seconds * 1000) : null;
    const atMs = Date.parse(standard);
    return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
  }
  const ms = Number(headers['x-amz-retry-after'] ?? Number.NaN);
  return Number.isFinite(ms) && ms >= 0 ? ms : null;
}

function bodyRetryAfterMs(body: Body): number | null {
  const seconds = body?.retryAfter;
  return typeof seconds === 'number' && seconds >= 0 ? Math.ceil(seconds * 1000) : null;
}
