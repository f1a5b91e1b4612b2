/**
 * A request to a static gateway: tables that nobody has spoken of yet are learnt first, then the pipeline has it. What
 * speaks of a table that the source does not have goes whole to the authority, whose refusal it then is.
 */
import type { Log } from '@/lib/adapters/ports';
import { ANY_TABLE, type StaticRouting } from '@/lib/contracts/static-routing';
import type { Intents } from '../intents/intents';
import type { Counters } from '../metrics/counters';
import { type GatewayAnswer, type GatewayRequest, refusal } from '../pipeline/answer';
import {
  decode,
  isItemOperation,
  isOfTables,
  STATEMENT_OPERATIONS,
  soleTableOf,
  tableNameOf,
  tablesIn,
} from '../pipeline/parse';
import type { Pipeline } from '../pipeline/pipeline';
import { answerOf } from '../pipeline/respond';
import { mayWrite, statementsIn } from '../pipeline/statements';
import { askAboutBody } from '../pipeline/unreadable-body';
import { authorityOfEntry, entryOf } from './document';
import type { StaticStores } from './stores';
import { TABLE_OPERATIONS, type TableOperations } from './table-operations';
import type { StaticTables } from './tables';

/** Besides item operations, what a stage may make unsafe: the pipeline must know the table to say so. */
const WATCHED = new Set(['DeleteTable', 'UpdateTable', 'UpdateTimeToLive', 'RestoreTableFromBackup', 'ImportTable']);

export interface StaticParts {
  document: StaticRouting;
  stores: StaticStores;
  tables: StaticTables;
  operations: TableOperations;
  intents: Intents;
  counters: Counters;
  pipeline: Pipeline;
  log: Log;
}

export class StaticRequests {
  constructor(private readonly parts: StaticParts) {}

  take(document: StaticRouting): void {
    this.parts.document = document;
  }

  handle(request: GatewayRequest): Promise<GatewayAnswer> {
    const { pipeline, counters } = this.parts;
    const isPlain = isItemOperation(request.operation) && isOfTables(request) && this.#isLearnt(request);
    if (isPlain) return pipeline.handle(request, counters);
    return counters.counted(request.operation, () => this.#other(request));
  }

  #other(request: GatewayRequest): Promise<GatewayAnswer> {
    const { document, operations, pipeline } = this.parts;
    const { operation } = request;
    if (!isOfTables(request)) return pipeline.handle(request);
    if (document.mirrorTableOperations && TABLE_OPERATIONS.has(operation)) return operations.run(request);
    if (!isItemOperation(operation) && !WATCHED.has(operation)) {
      return STATEMENT_OPERATIONS.has(operation) ? this.#statement(request) : pipeline.handle(request);
    }
    return this.#isLearnt(request) ? pipeline.handle(request) : this.#learn(request);
  }

  /** Whether every table that the request speaks of is known: almost always. */
  #isLearnt(request: GatewayRequest): boolean {
    const { tables } = this.parts;
    const sole = soleTableOf(request);
    if (sole !== null) return !tables.isUnlearnt(tableNameOf(sole.name));
    const input = decode(request.body);
    const names = input === null ? [] : tablesIn(request.operation, input);
    if (names.length === 0) return input !== null && !isItemOperation(request.operation);
    for (const name of names) if (tables.isUnlearnt(tableNameOf(name))) return false;
    return true;
  }

  /** Makes its tables known, and then the pipeline has it. */
  async #learn(request: GatewayRequest): Promise<GatewayAnswer> {
    const { tables, document, pipeline } = this.parts;
    const input = decode(request.body);
    if (input === null) return await this.#unreadable(request);
    const names = new Set(tablesIn(request.operation, input).map(tableNameOf));
    // Without a table the request is refused; the words are those of whoever is asked for any table.
    if (names.size === 0 && isItemOperation(request.operation)) return await this.#whole(request, ANY_TABLE);
    const unlearnt = [...names].filter((name) => tables.isUnlearnt(name));
    const learnt = await Promise.all(unlearnt.map((name) => tables.learn(name)));
    for (const [at, one] of learnt.entries()) {
      if (typeof one !== 'object') continue;
      const name = unlearnt[at] as string;
      // Where one store is all there is, nobody needs the key; else a write could pass the mirror by.
      if (entryOf(document, name)?.writes === 'source') continue;
      return refusal('InternalServerError', `${one.trouble}; give its keySchema in the routing document.`, 500);
    }
    const absent = unlearnt.filter((_, at) => learnt[at] === 'absent');
    return await (absent.length === 0 ? pipeline.handle(request) : this.#absent(request, absent));
  }

  async #absent(request: GatewayRequest, absent: readonly string[]): Promise<GatewayAnswer> {
    const answer = await this.#whole(request, absent[0] as string);
    if (answer.status === 200 && absent.some((name) => entryOf(this.parts.document, name)?.writes !== 'source')) {
      const sentence = 'A table appeared while it was written: what was written then has no mirror';
      this.parts.log.error({ tables: absent }, sentence);
      for (const name of absent) await this.parts.intents.recordUnproven(name);
    }
    return answer;
  }

  async #unreadable(request: GatewayRequest): Promise<GatewayAnswer> {
    const { document, stores } = this.parts;
    const isMirrored = Object.values(document.tables).some((entry) => entry.writes !== 'source');
    if (!isMirrored) return await this.#whole(request, ANY_TABLE);
    const any = document.tables[ANY_TABLE];
    return await askAboutBody(stores.plain(any === undefined ? 'source' : authorityOfEntry(any)), request);
  }

  /** The bytes as they came, to the store that is the truth for a table. */
  async #whole(request: GatewayRequest, table: string): Promise<GatewayAnswer> {
    const { stores, document } = this.parts;
    const entry = entryOf(document, table);
    const store = stores.plain(entry === null ? 'source' : authorityOfEntry(entry));
    return answerOf(await store.wire.send(request));
  }

  /** PartiQL names its tables in its text, so with an entry for any table it may name one that nobody knows. */
  async #statement(request: GatewayRequest): Promise<GatewayAnswer> {
    const { document, pipeline } = this.parts;
    const any = document.tables[ANY_TABLE];
    const input = any === undefined || any.writes === 'source' ? null : decode(request.body);
    if (input !== null && statementsIn(input).some(mayWrite)) {
      return refusal(
        'ValidationException',
        'PartiQL cannot write while both stores are written, because the write would not reach the other store. ' +
          'Use PutItem, UpdateItem, DeleteItem or their batches.',
      );
    }
    return await pipeline.handle(request);
  }
}
