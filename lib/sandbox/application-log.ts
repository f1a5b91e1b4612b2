/**
 * The sample application's own record of what it wrote, on disk before and after each request: two equal tables can
 * both lack a write, and only the writer knows. One JSON line when a write begins, one when its outcome is known; a
 * begin without an end is a write whose outcome nobody knows.
 */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** A DynamoDB item as the SDK gives it. */
export type SdkItem = Record<string, AttributeValue>;

/**
 * `own`: one writer alone writes the key, one request after the other. `shared`: both add, each to its own counter.
 * `contended`: both put and delete. What the key must hold in the end follows from the kind.
 */
export type KeyKind = 'own' | 'shared' | 'contended';
export type Outcome = 'acked' | 'refused' | 'unknown';

export interface WriteBegun {
  sequence: number;
  writer: string;
  kind: KeyKind;
  operation: 'put' | 'update' | 'delete' | 'add';
  table: string;
  key: SdkItem;
  /** The item that stands there once the write is applied; null: none. Absent for `add`. */
  leaves?: SdkItem | null;
  /** Counter that `add` raises by one. */
  counter?: string;
  /** CLOCK_MONOTONIC in microseconds: one clock for all processes of the machine. */
  beganUs: number;
}
export interface LoggedWrite extends WriteBegun {
  outcome: Outcome;
  /** Infinity where the outcome is unknown: it may be applied at any time. */
  endedUs: number;
}

const LOG_BYTES_MAX = 2 ** 30;

export const monotonicUs = (): number => Number(process.hrtime.bigint() / 1_000n);

const binary = (_: string, value: unknown): unknown =>
  value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value;

export class ApplicationLog {
  readonly #file: number;
  #bytes = 0;
  constructor(directory: string, name: string) {
    this.#file = openSync(join(directory, `${name}.jsonl`), 'a');
  }
  /** Past its bound the writer stops writing, rather than write without a record. */
  get isFull(): boolean {
    return this.#bytes > LOG_BYTES_MAX;
  }
  begin(write: WriteBegun): void {
    this.#append({ begin: write });
  }
  end(sequence: number, outcome: Outcome, error?: string): void {
    this.#append({ end: { sequence, outcome, endedUs: monotonicUs(), ...(error ? { error } : {}) } });
  }
  #append(line: object): void {
    this.#bytes += writeSync(this.#file, `${JSON.stringify(line, binary)}\n`);
  }
  close(): void {
    closeSync(this.#file);
  }
}

interface Line {
  begin?: WriteBegun;
  end?: { sequence: number; outcome: Outcome; endedUs: number };
}

/** All writes of all logs in a directory. A last line cut short by a kill counts as not written. */
export function readApplicationLogs(directory: string): LoggedWrite[] {
  const writes: LoggedWrite[] = [];
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.jsonl'))) {
    const open = new Map<number, LoggedWrite>();
    for (const text of readFileSync(join(directory, name), 'utf8').split('\n')) {
      let line: Line;
      try {
        line = JSON.parse(text) as Line;
      } catch {
        continue;
      }
      if (line.begin) {
        const write: LoggedWrite = { ...line.begin, outcome: 'unknown', endedUs: Number.POSITIVE_INFINITY };
        open.set(write.sequence, write);
        writes.push(write);
      }
      const begun = line.end ? open.get(line.end.sequence) : undefined;
      if (!line.end || !begun) continue;
      begun.outcome = line.end.outcome;
      if (line.end.outcome !== 'unknown') begun.endedUs = line.end.endedUs;
    }
  }
  return writes;
}
