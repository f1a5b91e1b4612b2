/**
 * Ports: what the rooms above may ask of a store, a clock and a log. Each port has a real adapter and, where tests
 * need one, an in-memory twin that passes the same contract suite.
 */

import type { KeySchema } from '@/lib/domain/item/item';
import type { StoreKind } from '@/lib/domain/store-kind';

export type { AttributeValue, KeyAttribute, KeySchema, WireItem } from '@/lib/domain/item/item';

export type { StoreKind } from '@/lib/domain/store-kind';

export interface StoreCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** A store as one process talks to it. `timeoutMs` bounds one request from its first byte to the last of its answer. */
export interface StoreTarget {
  connectionId: string;
  kind: StoreKind;
  endpoint: string;
  region: string;
  credentials: StoreCredentials;
  timeoutMs: number;
}

/**
 * What became of a request (PROTOCOL W7). `refused` is the only known failure: the store named a refusal. `unknown`
 * may have been applied, now or later: time-out, reset, truncated or undecodable answer, any 5xx.
 */
export type WireOutcome =
  | { kind: 'ok'; status: number; headers: Record<string, string>; body: Buffer }
  | {
      kind: 'refused';
      status: number;
      headers: Record<string, string>;
      body: Buffer;
      /** Name after `#` of `__type`, e.g. `ConditionalCheckFailedException`; `TooManyRequests` for a bare 429. */
      errorType: string;
      message: string;
      retryAfterMs: number | null;
    }
  | {
      kind: 'unknown';
      cause: 'timeout' | 'connection' | 'server_error' | 'undecodable' | 'aborted';
      status: number | null;
      headers: Record<string, string>;
      body: Buffer | null;
      message: string;
    };

export interface WireRequest {
  /** e.g. `PutItem`; becomes `X-Amz-Target: DynamoDB_20120810.PutItem` unless `target` is given whole. */
  operation: string;
  target?: string;
  body: Buffer | string;
  /**
   * Bytes before `body` in its own memory that are free to be written over: the head is put there, so that both go out
   * in one write. The memory is the caller's again when a whole answer has come, and never where none has.
   */
  headRoomBytes?: number;
  /** SHA-256 of the body in hex where the caller has it already, so that it is hashed once. */
  payloadHash?: string;
  /**
   * The caller cuts the answer's bytes and refuses what it cannot read, so a 200 without a checksum is not parsed first.
   * Bytes under a checksum that does not fit are `undecodable` all the same.
   */
  isReadByCaller?: boolean;
  /** Memory for an answer's body of exactly so many bytes, where the caller has its own; else it is made anew. */
  answerRoom?(bytes: number): Buffer;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** One store over HTTP: signs (SigV4, service `dynamodb`) and sends bytes; never retries, never throws for an answer. */
export interface StoreWire {
  readonly target: StoreTarget;
  send(request: WireRequest): Promise<WireOutcome>;
  /** Tells a wire whose items are not DynamoDB's own what a table is keyed by, before the first request about it. */
  know?(table: string, key: KeySchema): void;
  /** Requests sent whose outcome is not known yet. */
  inFlight(): number;
  close(): Promise<void>;
}

export interface Clock {
  /** Wall time, for stamps that people read; leases and deadlines use `monotonicMs`. */
  nowMs(): number;
  monotonicMs(): number;
}

export interface Log {
  debug(fields: object, sentence: string): void;
  info(fields: object, sentence: string): void;
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
  child(fields: object): Log;
}
