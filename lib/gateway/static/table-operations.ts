/**
 * `mirrorTableOperations`: what a client does to tables on the source is repeated on the target, so that a program that
 * makes its own tables can run in any stage. The answer is the source's own; the target gets what it can take. A store
 * without DeleteTable is emptied instead, because the table's next life must not find items of this one.
 */
import { BATCH_WRITE_ENTRIES_MAX, batchWrite } from '@/lib/adapters/dynamodb/batch';
import { call } from '@/lib/adapters/dynamodb/call';
import { getItem, scanPage } from '@/lib/adapters/dynamodb/items';
import { describeTable } from '@/lib/adapters/dynamodb/tables';
import type { Log } from '@/lib/adapters/ports';
import type { KeySchema, WireItem } from '@/lib/domain/item/item';
import { keyOf } from '@/lib/domain/item/key';
import type { GatewayAnswer, GatewayRequest } from '../pipeline/answer';
import { decode, isJson, type Json, member, tableNameOf } from '../pipeline/parse';
import { answerOf } from '../pipeline/respond';
import type { DirtyKeys } from './dirty-keys';
import type { StaticStores } from './stores';
import type { StaticTables } from './tables';

export const TABLE_OPERATIONS: ReadonlySet<string> = new Set(['CreateTable', 'UpdateTable', 'DeleteTable']);

const ACTIVE_WAIT_MS_MAX = 10_000;
const ACTIVE_POLL_MS = 20;
const PURGE_PAGES_MAX = 10_000;
const REPEAT_MS_MAX = 10_000;
/** Members of a request that a store without indexes and streams may be given. */
const PLAIN_MEMBERS = ['TableName', 'KeySchema', 'BillingMode', 'ProvisionedThroughput'];

export class TableOperations {
  constructor(private readonly parts: { stores: StaticStores; tables: StaticTables; dirty: DirtyKeys; log: Log }) {}

  async run(request: GatewayRequest): Promise<GatewayAnswer> {
    const { stores, tables } = this.parts;
    const input = decode(request.body);
    const named = input === null ? undefined : member(input, 'TableName');
    const table = typeof named === 'string' ? tableNameOf(named) : null;
    const source = stores.source();
    const known = table === null ? undefined : tables.find(table)?.keySchema;
    if (table !== null && request.operation !== 'UpdateTable') tables.forget(table);
    const outcome = await source.wire.send(request);
    const answer = answerOf(outcome);
    if (table === null || input === null || outcome.kind !== 'ok') return answer;
    if (request.operation !== 'UpdateTable') tables.forget(table);
    if (request.operation === 'CreateTable') await this.#create(table, input);
    else if (request.operation === 'DeleteTable') await this.#delete(table, known ?? null);
    else await this.#update(input);
    return answer;
  }

  async #create(table: string, input: Json): Promise<void> {
    const { wire } = this.parts.stores.target();
    const plain = plainTable(input);
    const answer = await call(wire, { operation: 'CreateTable', input: plain }, { timeoutMs: REPEAT_MS_MAX });
    if (answer.kind === 'refused' && answer.errorType === 'ResourceInUseException') {
      const schema = schemaOf(plain);
      if (schema !== null) await this.#purge(table, schema);
    } else if (answer.kind !== 'ok') this.#warn('CreateTable', table, answer);
    await this.#untilActive(table, schemaOf(plain));
  }

  /** Items can be written as soon as the table is active, so the client is not told of it before. */
  async #untilActive(table: string, schema: KeySchema | null): Promise<void> {
    const { wire, kind } = this.parts.stores.target();
    const deadlineAt = performance.now() + ACTIVE_WAIT_MS_MAX;
    while (performance.now() < deadlineAt) {
      if (kind === 'dynamodb') {
        const answer = await describeTable(wire, table);
        if (answer.kind === 'ok' && answer.value.status === 'ACTIVE') return;
      } else {
        const answer = schema === null ? null : await getItem(wire, { table, key: probeKey(schema) });
        if (answer === null || answer.kind === 'ok') return;
      }
      await new Promise<void>((done) => setTimeout(done, ACTIVE_POLL_MS));
    }
    this.parts.log.warn({ table }, 'The table is not active on the target; its keys stay dirty until it is');
  }

  async #delete(table: string, schema: KeySchema | null): Promise<void> {
    const { dirty, stores } = this.parts;
    dirty.dropTable(table);
    const { wire } = stores.target();
    const answer = await call(
      wire,
      { operation: 'DeleteTable', input: { TableName: table } },
      { timeoutMs: REPEAT_MS_MAX },
    );
    if (answer.kind === 'ok' || (answer.kind === 'refused' && answer.errorType === 'ResourceNotFoundException')) return;
    const isUnknown = answer.kind === 'refused' && answer.errorType === 'UnknownOperationException';
    if (isUnknown && schema !== null) await this.#purge(table, schema);
    else this.#warn('DeleteTable', table, answer);
  }

  async #update(input: Json): Promise<void> {
    const { wire, kind } = this.parts.stores.target();
    const plain = plainTable(input);
    // Without indexes and streams nothing may be left to update; TerraScale has no capacity either.
    if (kind !== 'dynamodb' || Object.keys(plain).length < 2) return;
    const answer = await call(wire, { operation: 'UpdateTable', input: plain }, { timeoutMs: REPEAT_MS_MAX });
    if (answer.kind !== 'ok') this.#warn('UpdateTable', String(plain.TableName), answer);
  }

  async #purge(table: string, schema: KeySchema): Promise<void> {
    const { wire } = this.parts.stores.target();
    for (let page = 0; page < PURGE_PAGES_MAX; page += 1) {
      const answer = await scanPage(wire, { table });
      if (answer.kind !== 'ok') return this.#warn('Scan', table, answer);
      const keys = answer.value.items.flatMap((item) => {
        const key = keyOf(item, schema);
        return key.ok ? [key.value] : [];
      });
      for (let at = 0; at < keys.length; at += BATCH_WRITE_ENTRIES_MAX) {
        const entries = keys.slice(at, at + BATCH_WRITE_ENTRIES_MAX).map((key) => ({ delete: key }));
        await batchWrite(wire, { table, schema, entries });
      }
      if (answer.value.cursor === null && keys.length === 0) return;
    }
  }

  #warn(operation: string, table: string, answer: { kind: string; errorType?: string }): void {
    const { errorType = answer.kind } = answer;
    this.parts.log.warn({ operation, table, errorType }, 'The target did not do what the source did with a table');
  }
}

/** What of a request the target can take: no indexes, streams, tags, classes; only the attributes of the key. */
function plainTable(input: Json): Json {
  const plain: Json = {};
  for (const name of PLAIN_MEMBERS) {
    const value = member(input, name);
    if (value !== undefined) plain[name] = value;
  }
  if (typeof plain.TableName === 'string') plain.TableName = tableNameOf(plain.TableName);
  const definitions = member(input, 'AttributeDefinitions');
  const names = new Set(partsOf(plain).map((part) => part.AttributeName));
  if (Array.isArray(definitions) && names.size > 0) {
    plain.AttributeDefinitions = definitions.filter((one) => isJson(one) && names.has(one.AttributeName));
  }
  return plain;
}

const partsOf = (plain: Json): Json[] => (Array.isArray(plain.KeySchema) ? plain.KeySchema.filter(isJson) : []);

function schemaOf(plain: Json): KeySchema | null {
  const definitions = Array.isArray(plain.AttributeDefinitions) ? plain.AttributeDefinitions.filter(isJson) : [];
  const attribute = (keyType: string): KeySchema['partition'] | null => {
    const name = partsOf(plain).find((part) => part.KeyType === keyType)?.AttributeName;
    const type = definitions.find((one) => one.AttributeName === name)?.AttributeType;
    return typeof name === 'string' && (type === 'S' || type === 'N' || type === 'B') ? { name, type } : null;
  };
  const partition = attribute('HASH');
  return partition === null ? null : { partition, sort: attribute('RANGE') };
}

const PROBE = { S: { S: 'landfall:probe' }, N: { N: '0' }, B: { B: 'AA==' } } as const;
const probeKey = ({ partition, sort }: KeySchema): WireItem => ({
  [partition.name]: PROBE[partition.type],
  ...(sort === null ? {} : { [sort.name]: PROBE[sort.type] }),
});
