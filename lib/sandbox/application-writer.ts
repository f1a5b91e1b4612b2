/**
 * One process of the sample application: the stock SDK against the gateway, writing the same hot keys over and over
 * (put, ADD, ADD, delete, put …) and reading them in every way. It knows nothing of Landfall but the endpoint.
 */
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  ApplicationLog,
  type KeyKind,
  monotonicUs,
  type Outcome,
  type SdkItem,
  type WriteBegun,
} from './application-log';
import { TENANTS } from './sample-data';

export interface WriterOptions {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** `a` or `b`; with `run` it names this writer's keys. */
  writer: string;
  /** The same for all writers of one start: fresh keys each time. */
  run: string;
  logDir: string;
  writesPerSecond: number;
  readsPerSecond: number;
  /** A table with the key of `orders`; that one unless given. */
  table?: string;
}
export interface WriterStats {
  /** Paused, and nothing under way. */
  isQuiet: boolean;
  acked: number;
  refused: number;
  unknown: number;
  reads: number;
  readErrors: number;
  /** A key that this process alone writes was read and did not hold what it had written. */
  wrongReads: number;
  slowestMs: number;
  slowestLastMinuteMs: number;
  lastError: string | null;
}

const DEFAULT_TABLE = 'orders';
const SHARED_PARTITION = 'tenant#application';
const OWN_KEYS = 12;
const SHARED_KEYS = 6;
const CONTENDED_KEYS = 4;
const LANES = 4;
const REQUEST_MS_MAX = 15_000;
/** Prime, so that the tenants are visited in turn and not in a pattern of the round. */
const TENANT_STEP = 7_919;
const MINUTE_MS = 60_000;

interface OwnKey {
  slot: number;
  generation: number;
  step: number;
  holds: SdkItem | null;
}

/** Put, one to three updates, delete, and again; of different length by slot, so that the keys are never in step. */
const operationAt = ({ slot, step }: OwnKey): 'put' | 'update' | 'delete' => {
  const length = 3 + (slot % 3);
  const at = step % length;
  return at === 0 ? 'put' : at === length - 1 ? 'delete' : 'update';
};

const codeOf = (error: unknown): string | undefined => (error as { code?: string }).code;

/** 4xx names a refusal, a refused connection sent nothing: not applied. Whatever else went wrong may have been. */
const outcomeOf = (error: unknown): Outcome => {
  if (codeOf(error) === 'ECONNREFUSED') return 'refused';
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500 ? 'refused' : 'unknown';
};

export class ApplicationWriter {
  readonly #writes: DynamoDBClient;
  readonly #reads: DynamoDBClient;
  readonly #log: ApplicationLog;
  readonly #own: OwnKey[];
  readonly #slow: { atMs: number; ms: number }[] = [];
  readonly #table: string;
  #sequence = 0;
  #isStopped = false;
  #stopped: Promise<void> | null = null;
  #lanes: Promise<void>[] = [];
  #pause: { promise: Promise<void>; end: () => void } | null = null;
  #lanesResting = 0;
  readonly #stats = { acked: 0, refused: 0, unknown: 0, reads: 0, readErrors: 0, wrongReads: 0, slowestMs: 0 };
  #lastError: string | null = null;

  constructor(private readonly options: WriterOptions) {
    const { endpoint, region, credentials } = options;
    this.#table = options.table ?? DEFAULT_TABLE;
    const common = {
      endpoint,
      region,
      credentials,
      requestHandler: { requestTimeout: REQUEST_MS_MAX, throwOnRequestTimeout: true },
    };
    // An ADD that the SDK repeats would count twice, so writes are sent once; reads as the SDK likes.
    this.#writes = new DynamoDBClient({ ...common, maxAttempts: 1 });
    this.#reads = new DynamoDBClient(common);
    this.#log = new ApplicationLog(options.logDir, `writer-${options.writer}-${options.run}`);
    this.#own = Array.from({ length: OWN_KEYS }, (_, slot) => ({ slot, generation: 0, step: 0, holds: null }));
  }

  start(): void {
    this.#lanes = Array.from({ length: LANES }, (_, lane) => this.#lane(lane));
  }

  stats(): WriterStats {
    const sinceMs = performance.now() - MINUTE_MS;
    while (this.#slow[0] && this.#slow[0].atMs < sinceMs) this.#slow.shift();
    const slowestLastMinuteMs = this.#slow.reduce((slowest, { ms }) => Math.max(slowest, ms), 0);
    return { ...this.#stats, slowestLastMinuteMs, lastError: this.#lastError, isQuiet: this.isQuiet };
  }

  /** No new request until `resume`; whether none is under way is in `isQuiet`. For comparing stores at rest. */
  pause(): void {
    if (this.#pause) return;
    let end = (): void => {};
    const promise = new Promise<void>((done) => {
      end = done;
    });
    this.#pause = { promise, end };
  }

  resume(): void {
    this.#pause?.end();
    this.#pause = null;
  }

  get isQuiet(): boolean {
    return this.#pause !== null && this.#lanesResting === LANES;
  }

  /** Ends after what is under way. May be asked for again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#isStopped = true;
    this.resume();
    await Promise.all(this.#lanes);
    this.#writes.destroy();
    this.#reads.destroy();
    this.#log.close();
  }

  /** Each lane has own keys to itself, so that the requests to one of them follow each other. */
  async #lane(lane: number): Promise<void> {
    const own = this.#own.filter((key) => key.slot % LANES === lane);
    const { writesPerSecond, readsPerSecond } = this.options;
    const roundMs = (LANES * 1_000) / writesPerSecond;
    const readsPerRound = readsPerSecond / writesPerSecond;
    let owedReads = 0;
    for (let round = lane; !this.#isStopped; round += 1) {
      if (this.#pause) {
        this.#lanesResting += 1;
        await this.#pause.promise;
        this.#lanesResting -= 1;
      }
      if (this.#isStopped) break;
      const beganMs = performance.now();
      const key = own[round % own.length] as OwnKey;
      if (round % 5 === 3) await this.#addShared(round % SHARED_KEYS);
      else if (round % 5 === 4) await this.#writeContended(round % CONTENDED_KEYS);
      else await this.#writeOwn(key);
      for (owedReads += readsPerRound; owedReads >= 1; owedReads -= 1) await this.#read(key, round);
      const restMs = roundMs - (performance.now() - beganMs);
      if (restMs > 0 && !this.#isStopped) await new Promise((done) => setTimeout(done, restMs));
    }
  }

  #partition(): string {
    return `${SHARED_PARTITION}#${this.options.writer}`;
  }
  #keyOf(own: OwnKey): SdkItem {
    const { run } = this.options;
    return { tenant: { S: this.#partition() }, order: { S: `own#${run}#${own.slot}#${own.generation}` } };
  }

  async #writeOwn(own: OwnKey): Promise<void> {
    const key = this.#keyOf(own);
    const operation = operationAt(own);
    own.step += 1;
    const version = { N: String(own.step) };
    const one = { N: '1' };
    let leaves: SdkItem | null = null;
    if (operation === 'put') {
      leaves = {
        ...key,
        version,
        count: { N: '0' },
        tags: { SS: ['hot', this.options.writer] },
        status: { S: 'placed' },
      };
    } else if (operation === 'update') {
      const before = own.holds as SdkItem;
      leaves = { ...before, version, count: { N: String(Number(before.count?.N) + 1) } };
    }
    const send = async () => {
      if (operation === 'put')
        await this.#writes.send(new PutItemCommand({ TableName: this.#table, Item: leaves as SdkItem }));
      else if (operation === 'delete')
        await this.#writes.send(new DeleteItemCommand({ TableName: this.#table, Key: key }));
      else {
        await this.#writes.send(
          new UpdateItemCommand({
            TableName: this.#table,
            Key: key,
            UpdateExpression: 'ADD #c :one SET #v = :version',
            ExpressionAttributeNames: { '#c': 'count', '#v': 'version' },
            ExpressionAttributeValues: { ':one': one, ':version': version },
          }),
        );
      }
    };
    const outcome = await this.#write({ kind: 'own', operation, key, leaves }, send);
    if (outcome === 'acked') own.holds = leaves;
    else if (outcome === 'refused') own.step -= 1;
    else {
      // What it holds is not known for certain any more, and may change later: its last word is in the log.
      own.generation += 1;
      own.step = 0;
      own.holds = null;
    }
  }

  async #addShared(slot: number): Promise<void> {
    const key = { tenant: { S: SHARED_PARTITION }, order: { S: `shared#${this.options.run}#${slot}` } };
    const counter = `count_${this.options.writer}`;
    await this.#write({ kind: 'shared', operation: 'add', key, counter }, async () => {
      await this.#writes.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: key,
          UpdateExpression: 'ADD #c :one',
          ExpressionAttributeNames: { '#c': counter },
          ExpressionAttributeValues: { ':one': { N: '1' } },
        }),
      );
    });
  }

  async #writeContended(slot: number): Promise<void> {
    const { run, writer } = this.options;
    const key = { tenant: { S: SHARED_PARTITION }, order: { S: `contended#${run}#${slot}` } };
    const isDelete = this.#sequence % 3 === 2;
    const leaves = isDelete ? null : { ...key, write: { S: `${writer}/${this.#sequence}` } };
    const operation = isDelete ? 'delete' : 'put';
    await this.#write({ kind: 'contended', operation, key, leaves }, async () => {
      if (leaves) await this.#writes.send(new PutItemCommand({ TableName: this.#table, Item: leaves }));
      else await this.#writes.send(new DeleteItemCommand({ TableName: this.#table, Key: key }));
    });
  }

  async #write(
    write: Pick<WriteBegun, 'operation' | 'key' | 'leaves' | 'counter'> & { kind: KeyKind },
    send: () => Promise<void>,
  ): Promise<Outcome> {
    if (this.#log.isFull) {
      this.#lastError = 'The record of writes is full; writing has stopped';
      return 'refused';
    }
    const sequence = this.#sequence;
    this.#sequence += 1;
    this.#log.begin({ ...write, sequence, table: this.#table, writer: this.options.writer, beganUs: monotonicUs() });
    let outcome: Outcome = 'acked';
    try {
      await this.#timed(send);
    } catch (error) {
      outcome = outcomeOf(error);
      this.#lastError = codeOf(error) ?? (error as Error).name;
    }
    this.#log.end(sequence, outcome, outcome === 'acked' ? undefined : (this.#lastError ?? undefined));
    this.#stats[outcome] += 1;
    return outcome;
  }

  async #timed<T>(run: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await run();
    } finally {
      const ms = Math.round(performance.now() - began);
      this.#stats.slowestMs = Math.max(this.#stats.slowestMs, ms);
      this.#slow.push({ atMs: performance.now(), ms });
    }
  }

  async #read(own: OwnKey, round: number): Promise<void> {
    const Key = this.#keyOf(own);
    this.#stats.reads += 1;
    try {
      await this.#timed(async () => {
        if (round % 4 === 1) await this.#queryOwn();
        else if (round % 4 === 2) await this.#readSamples(round);
        else {
          const { Item } = await this.#reads.send(new GetItemCommand({ TableName: this.#table, Key }));
          const expected = own.holds;
          if (Item?.version?.N !== expected?.version?.N || (Item === undefined) !== (expected === null)) {
            this.#stats.wrongReads += 1;
          }
        }
      });
    } catch (error) {
      this.#stats.readErrors += 1;
      this.#lastError = codeOf(error) ?? (error as Error).name;
    }
  }

  async #queryOwn(): Promise<void> {
    await this.#reads.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'tenant = :t AND begins_with(#o, :own)',
        ExpressionAttributeNames: { '#o': 'order' },
        ExpressionAttributeValues: { ':t': { S: this.#partition() }, ':own': { S: `own#${this.options.run}` } },
        Limit: 25,
      }),
    );
  }

  /** Items of the sample data, by partition and by key. */
  async #readSamples(round: number): Promise<void> {
    const { Items = [] } = await this.#reads.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'tenant = :t',
        ExpressionAttributeValues: { ':t': { S: `tenant#${(Math.floor(round / 4) * TENANT_STEP) % TENANTS}` } },
        Limit: 10,
      }),
    );
    const Keys = Items.map(({ tenant, order }) => ({ tenant, order }) as SdkItem);
    if (Keys.length > 0) await this.#reads.send(new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys } } }));
  }
}
