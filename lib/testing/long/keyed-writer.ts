/**
 * An application that overwrites, deletes and creates again the items of a table from end to end, with its own record
 * of what it was told. It alone writes its keys, one request after the other.
 */
import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ApplicationLog, monotonicUs, type Outcome, type SdkItem } from '@/lib/sandbox/application-log';

/** Keys beyond those that are there at the start: they are created. */
const BEYOND = 1.02;
const DELETE_SHARE = 0.4;
const TENANTS = 211;

const keyOf = (at: number): SdkItem => ({ tenant: { S: `tenant-${at % TENANTS}` }, order: { S: `order-${at}` } });

/** What the table holds at the start. */
export const seedItem = (at: number, version = 0): SdkItem => ({
  ...keyOf(at),
  version: { N: String(version) },
  body: { S: 'x'.repeat(200) },
});

/** The first items are part of the record: what nobody writes again has to be as it was. */
export function recordSeeds(logDir: string, of: { table: string; items: number }): void {
  const log = new ApplicationLog(logDir, 'seeds');
  for (let at = 0; at < of.items; at += 1) {
    const leaves = seedItem(at);
    log.begin({
      ...{ sequence: at, writer: 'seeds', kind: 'own', operation: 'put', table: of.table },
      ...{ key: keyOf(at), leaves, beganUs: monotonicUs() },
    });
    log.end(at, 'acked');
  }
  log.close();
}

export interface KeyedWriterOptions {
  client: DynamoDBClient;
  logDir: string;
  table: string;
  /** Items that are there at the start. */
  items: number;
  /** This one of so many `writers`, from 0: the keys are shared out among them. */
  index: number;
  writers: number;
  perSecond: number;
}

export class KeyedWriter {
  deletes = 0;
  readonly #log: ApplicationLog;
  /** What became of their last write nobody knows: they are left alone, so that the record stays clear. */
  readonly #retired = new Set<number>();
  #sequence: number;
  #isOver = false;
  #running: Promise<void> = Promise.resolve();

  constructor(private readonly options: KeyedWriterOptions) {
    this.#log = new ApplicationLog(options.logDir, `writer-${options.index}`);
    this.#sequence = options.items;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends after the request under way. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    this.options.client.destroy();
    this.#log.close();
  }

  async #run(): Promise<void> {
    const { items, index, writers, perSecond } = this.options;
    while (!this.#isOver && !this.#log.isFull) {
      const beganMs = performance.now();
      const at = Math.floor((Math.random() * items * BEYOND) / writers) * writers + index;
      if (!this.#retired.has(at)) await this.#write(at);
      const restMs = 1_000 / perSecond - (performance.now() - beganMs);
      if (restMs > 0) await new Promise((done) => setTimeout(done, restMs));
    }
  }

  async #write(at: number): Promise<void> {
    const { client, table } = this.options;
    const isDelete = Math.random() < DELETE_SHARE;
    const sequence = this.#sequence;
    this.#sequence += 1;
    const leaves = isDelete ? null : seedItem(at, sequence);
    this.#log.begin({
      ...{ sequence, writer: `w${this.options.index}`, kind: 'own', operation: isDelete ? 'delete' : 'put', table },
      ...{ key: keyOf(at), leaves, beganUs: monotonicUs() },
    });
    let outcome: Outcome = 'acked';
    try {
      if (leaves) await client.send(new PutItemCommand({ TableName: table, Item: leaves }));
      else await client.send(new DeleteItemCommand({ TableName: table, Key: keyOf(at) }));
    } catch (error) {
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
      outcome = status >= 400 && status < 500 ? 'refused' : 'unknown';
    }
    this.#log.end(sequence, outcome);
    if (outcome === 'unknown') this.#retired.add(at);
    else if (isDelete && outcome === 'acked') this.deletes += 1;
  }
}
