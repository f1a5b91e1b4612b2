/** What the gateway says to an application, in DynamoDB's words. */
import { randomFillSync } from 'node:crypto';
import type { SoleTable } from './sole-table';

export interface GatewayRequest {
  /** e.g. `PutItem`. */
  operation: string;
  /** The whole `X-Amz-Target`. */
  target: string;
  body: Buffer;
  /** SHA-256 of the body in hex where it is known. */
  payloadHash?: string;
  /** What `soleTable` finds in the body; undefined until it was looked for. */
  soleTable?: SoleTable | null;
}

export interface GatewayAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

export const JSON_TYPE = 'application/x-amz-json-1.0';

const PREFIX: Record<string, string> = {
  ValidationException: 'com.amazon.coral.validate#',
  ThrottlingException: 'com.amazon.coral.availability#',
  SerializationException: 'com.amazon.coral.service#',
  UnknownOperationException: 'com.amazon.coral.service#',
  AccessDeniedException: 'com.amazon.coral.service#',
  UnrecognizedClientException: 'com.amazon.coral.service#',
  MissingAuthenticationTokenException: 'com.amazon.coral.service#',
  IncompleteSignatureException: 'com.amazon.coral.service#',
  InvalidSignatureException: 'com.amazon.coral.service#',
  ServiceUnavailableException: 'com.amazon.coral.availability#',
};
const MODEL = 'com.amazonaws.dynamodb.v20120810#';

/** An error in DynamoDB's shape. SDKs repeat a ThrottlingException and a 5xx by themselves, nothing else. */
export function refusal(type: string, message: string, status = 400): GatewayAnswer {
  return jsonAnswer({ __type: `${PREFIX[type] ?? MODEL}${type}`, message }, status);
}

export function jsonAnswer(value: unknown, status = 200): GatewayAnswer {
  return {
    status,
    headers: { 'content-type': JSON_TYPE, 'x-amzn-requestid': requestId() },
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** Another body under an answer's status and request id; the store's checksum spoke of other bytes. */
export function withBody(answer: GatewayAnswer, body: Buffer): GatewayAnswer {
  if (body === answer.body) return answer;
  const { 'x-amz-crc32': _, ...headers } = answer.headers;
  return { status: answer.status, headers, body };
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUV';

const ID_CHARACTERS = 52;
/** Bytes for many ids at once: asking the system for 52 costs more than all the rest of an answer's head. */
const drawn = Buffer.alloc(ID_CHARACTERS * 64);
let drawnAt = drawn.length;

/** 52 characters, as DynamoDB's. */
export function requestId(): string {
  if (drawnAt === drawn.length) {
    randomFillSync(drawn);
    drawnAt = 0;
  }
  let text = '';
  const end = drawnAt + ID_CHARACTERS;
  for (; drawnAt < end; drawnAt += 1) text += ALPHABET[(drawn[drawnAt] as number) & 31];
  return text;
}
