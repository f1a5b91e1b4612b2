/** What the gateway bench asks of its load, and the item that it writes. */
import type { StoreCredentials } from '@/lib/adapters/ports';

export interface LoadAsked {
  port: number;
  operation: 'GetItem' | 'PutItem';
  table: string;
  credentials: StoreCredentials;
  connections: number;
  ms: number;
  /** Requests a second at even distance; null: as fast as the answers come. */
  rate: number | null;
  padBytes: number;
  /** Distinguishes the values of one run from those of another. */
  run: number;
}

export interface LoadDone {
  requests: number;
  errors: number;
  wallMs: number;
  p50Ms: number;
  p99Ms: number;
}

export const itemOf = (at: number, run: number, padBytes: number) => ({
  pk: { S: `customer-${at}` },
  run: { N: String(run) },
  pad: { S: 'x'.repeat(padBytes) },
});
