/** What the bench, its stub and its clients say to each other. */
export type Work = 'backfill' | 'verify';

export interface ClientInput {
  variant: string;
  work: Work;
  source: string;
  target: string;
  /** Of the product alone: its checkpoints go to a real Postgres. */
  databaseUrl: string;
}

export interface ClientAsk {
  kind: 'measure';
  /** Processor seconds of the client before the measured ones, and those. */
  warmUpCpuS: number;
  measureCpuS: number;
}

export interface Measurement {
  items: number;
  cpuS: number;
  wallS: number;
}

export interface BenchVariant {
  /** Works until it is told to stop, then lets what is on its way end. */
  run(end: AbortSignal): Promise<void>;
  /** Items copied or compared so far. */
  items(): number | Promise<number>;
  /** Differences found so far by a verification. */
  found?(): number;
}

/** Requests of a client that are under way at a time. */
export const REQUESTS_AT_A_TIME = 32;
export const BATCH_WRITE = 25;
export const BATCH_GET = 100;
