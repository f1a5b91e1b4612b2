/**
 * The store behind both shims: dynalite's validations, actions and level database, and what dynalite lacks:
 * transactions under a lock and TTL metadata. One object a side; HTTP, keys, quotas and faults are the shims' affair.
 */
import type { WireItem } from '@/lib/adapters/ports';
import {
  act,
  clientError,
  createStore,
  type DynaliteStore,
  type EngineOperation,
  isClientError,
  isEngineOperation,
  type Json,
  validated,
  validationError,
} from './dynalite-modules';
import { ExportService } from './exports/export-service';
import { parseRequest, renderAnswer } from './proto-name';
import { SharedLock } from './shared-lock';
import { StreamBook, type TableWrite } from './streams/stream-book';
import { writesOf } from './streams/writes';
import { TableCounts } from './table-counts';
import { runTransactGet, runTransactWrite } from './transactions';

export interface EngineAnswer {
  status: number;
  body: string;
}
export interface EngineLimits {
  transactItemsMax: number;
}

/** DynamoDB's own. */
export const DYNAMODB_LIMITS: EngineLimits = { transactItemsMax: 100 };

export const STREAMS_PREFIX = 'DynamoDBStreams_20120810.';
const SERIALIZATION = { status: 400, body: '{"__type":"com.amazon.coral.service#SerializationException"}' };
const INTERNAL = 'com.amazonaws.dynamodb.v20120810#InternalServerError';

/** dynalite makes a table active a moment after it was asked for. */
const READY_MS_MAX = 5_000;
const READY_EVERY_MS = 2;

const levelCall = <T>(run: (done: (error: Error | null, value?: T) => void) => void): Promise<T | undefined> =>
  new Promise((done, fail) => {
    run((error, value) => {
      if (error && error.name !== 'NotFoundError') fail(error);
      else done(value);
    });
  });

export class Engine {
  readonly #store: DynaliteStore;
  /** Single operations share it, a transaction has it alone. */
  readonly #lock = new SharedLock();
  readonly counts: TableCounts;
  readonly streams: StreamBook;
  readonly exports = new ExportService((table) => this.#items(table));

  /** `path` is a directory of its own; without it the data lives in memory. */
  constructor(
    options: { path?: string },
    private readonly limits: EngineLimits = DYNAMODB_LIMITS,
  ) {
    this.#store = createStore({ path: options.path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
    this.counts = new TableCounts(this.#store);
    this.streams = new StreamBook(options.path ? `${options.path}-streams` : null);
  }

  /** Runs one operation given as it came over the wire; never throws for what a client sent. */
  async execute(operation: string, bodyText: string): Promise<EngineAnswer> {
    let input: unknown;
    try {
      input = parseRequest(bodyText);
    } catch {
      return SERIALIZATION;
    }
    if (input === null || typeof input !== 'object' || Array.isArray(input)) return SERIALIZATION;
    try {
      return { status: 200, body: renderAnswer(await this.run(operation, input as Json)) };
    } catch (error) {
      if (isClientError(error)) return { status: error.statusCode, body: renderAnswer(error.body) };
      return { status: 500, body: JSON.stringify({ __type: INTERNAL, message: 'The request could not be served' }) };
    }
  }

  /** Runs one operation; throws a ClientError for a refusal. */
  async run(operation: string, input: Json): Promise<Json> {
    const store = this.#store;
    if (operation.startsWith(STREAMS_PREFIX)) return this.streams.run(operation.slice(STREAMS_PREFIX.length), input);
    switch (operation) {
      case 'TransactWriteItems': {
        const writes = await writesOf(store, operation, input);
        const write = () => runTransactWrite(store, input, this.limits.transactItemsMax);
        return await this.#lock.alone(() => this.streams.around(writes, write));
      }
      case 'TransactGetItems':
        return await this.#lock.alone(() => runTransactGet(store, input));
      case 'DescribeContinuousBackups':
        return this.exports.describeBackups();
      case 'ExportTableToPointInTime':
        return await this.exports.start(input);
      case 'DescribeExport':
        return this.exports.describe(input);
      case 'UpdateTimeToLive':
        return await this.#lock.alone(() => this.#updateTimeToLive(input));
      case 'DescribeTimeToLive':
        return await this.#lock.shared(() => this.#describeTimeToLive(input));
    }
    if (!isEngineOperation(operation)) {
      throw clientError('com.amazon.coral.service#UnknownOperationException', '');
    }
    return await this.#act(operation, input);
  }

  /** Makes a table and comes back when it may be used. */
  async createReady(input: Json): Promise<void> {
    await this.run('CreateTable', input);
    const deadlineMs = performance.now() + READY_MS_MAX;
    for (;;) {
      const described = await act(this.#store, 'DescribeTable', { TableName: input.TableName }).catch(() => null);
      if ((described?.Table as Json | undefined)?.TableStatus === 'ACTIVE') return;
      if (performance.now() >= deadlineMs) throw new Error(`table ${String(input.TableName)} does not become active`);
      await new Promise((done) => setTimeout(done, READY_EVERY_MS));
    }
  }

  /** The keys that a request would write. */
  async keysWritten(operation: string, bodyText: string): Promise<TableWrite[]> {
    try {
      return await writesOf(this.#store, operation, parseRequest(bodyText) as Json);
    } catch {
      return [];
    }
  }

  async #act(operation: EngineOperation, input: Json): Promise<Json> {
    const store = this.#store;
    const { StreamSpecification: stream, ...given } = input;
    const isTableChange = operation === 'UpdateTable' || operation === 'CreateTable';
    if (operation === 'UpdateTable' && stream !== undefined) return await this.#updateStream(given, stream);
    const data = validated(store, operation, isTableChange ? given : input);
    if (operation === 'DeleteTable' || operation === 'CreateTable') this.counts.forget(String(data.TableName));
    const writes = await writesOf(store, operation, data);
    const answer = await this.#lock.shared(() => this.streams.around(writes, () => act(store, operation, data)));
    if (operation === 'CreateTable' && stream !== undefined) this.streams.specify(String(data.TableName), stream);
    return operation === 'DescribeTable' ? this.streams.describe(await this.counts.describe(answer)) : answer;
  }

  async #items(TableName: string): Promise<WireItem[]> {
    const items: WireItem[] = [];
    let ExclusiveStartKey: unknown;
    do {
      const page = await this.#act('Scan', { TableName, ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}) });
      items.push(...(page.Items as WireItem[]));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
    return items;
  }

  async #updateStream(given: Json, stream: unknown): Promise<Json> {
    const TableName = await this.#table(given);
    this.streams.specify(TableName, stream);
    const { Table } = await this.#act('DescribeTable', { TableName });
    return { TableDescription: Table };
  }

  async #table(input: Json): Promise<string> {
    const name = input.TableName;
    if (typeof name !== 'string') throw validationError('TableName must be given');
    await act(this.#store, 'DescribeTable', { TableName: name });
    return name;
  }

  async #ttlOf(table: string): Promise<{ AttributeName: string; Enabled: boolean } | undefined> {
    return await levelCall((done) => this.#store.db.get(`ttl~${table}`, done as never));
  }

  async #updateTimeToLive(input: Json): Promise<Json> {
    const table = await this.#table(input);
    const wanted = input.TimeToLiveSpecification as { AttributeName?: unknown; Enabled?: unknown } | undefined;
    if (typeof wanted?.AttributeName !== 'string' || typeof wanted.Enabled !== 'boolean') {
      throw validationError('TimeToLiveSpecification needs AttributeName and Enabled');
    }
    const current = await this.#ttlOf(table);
    if ((current?.Enabled ?? false) === wanted.Enabled) {
      throw validationError(`TimeToLive is already ${wanted.Enabled ? 'enabled' : 'disabled'}`);
    }
    const spec = { AttributeName: wanted.AttributeName, Enabled: wanted.Enabled };
    await levelCall((done) => this.#store.db.put(`ttl~${table}`, spec, done));
    return { TimeToLiveSpecification: spec };
  }

  async #describeTimeToLive(input: Json): Promise<Json> {
    const spec = await this.#ttlOf(await this.#table(input));
    if (!spec?.Enabled) return { TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } };
    return { TimeToLiveDescription: { AttributeName: spec.AttributeName, TimeToLiveStatus: 'ENABLED' } };
  }

  /** Waits for what runs and closes the files. */
  async close(): Promise<void> {
    await this.#lock.alone(async () => {
      const store = this.#store;
      await levelCall<void>((done) =>
        store.lifecycleManager ? store.lifecycleManager.gracefulClose(done) : store.db.close(done),
      );
    });
  }
}
