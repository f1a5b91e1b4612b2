import type { KeyAttribute, KeySchema, StoreWire } from '../ports';
import { type Answer, type CallOptions, call, isJson, type Json, undecodable } from './call';

/** Requests about tables. TerraScale promises none of them: there they end as a named refusal (`UnknownOperation…`). */
export const LIST_TABLES_PAGES_MAX = 100;

export interface IndexDescription {
  name: string;
  kind: 'global' | 'local';
  key: KeySchema | null;
  projection: string;
}

export interface TableDescription {
  name: string;
  /** `CREATING`, `ACTIVE`, `DELETING` … */
  status: string;
  key: KeySchema;
  /** As of the store's last count, up to six hours old; an estimate, never a proof. */
  itemCount: number;
  sizeBytes: number;
  indexes: IndexDescription[];
  stream: { arn: string | null; view: string; isEnabled: boolean } | null;
  billing: 'on_demand' | 'provisioned';
  readUnitsPerSecond: number | null;
  writeUnitsPerSecond: number | null;
  createdAtMs: number | null;
  /** The description as the store gave it, for checks that look further (replicas, encryption, class). */
  raw: Json;
}

export async function describeTable(
  wire: StoreWire,
  table: string,
  options: CallOptions = {},
): Promise<Answer<TableDescription>> {
  const answer = await call(wire, { operation: 'DescribeTable', input: { TableName: table } }, options);
  if (answer.kind !== 'ok') return answer;
  const description = readDescription(answer.value.Table);
  return description === null ? undecodable('DescribeTable') : { kind: 'ok', value: description };
}

/** Creates a table with its key and on-demand capacity; it may be used once `describeTable` says ACTIVE. */
export async function createTable(
  wire: StoreWire,
  request: { table: string; key: KeySchema; streamView?: string },
  options: CallOptions = {},
): Promise<Answer<TableDescription>> {
  const { partition, sort } = request.key;
  const attributes = sort === null ? [partition] : [partition, sort];
  const input = {
    TableName: request.table,
    AttributeDefinitions: attributes.map((one) => ({ AttributeName: one.name, AttributeType: one.type })),
    KeySchema: attributes.map((one, at) => ({ AttributeName: one.name, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
    BillingMode: 'PAY_PER_REQUEST',
    StreamSpecification:
      request.streamView === undefined ? undefined : { StreamEnabled: true, StreamViewType: request.streamView },
  };
  const answer = await call(wire, { operation: 'CreateTable', input }, options);
  if (answer.kind !== 'ok') return answer;
  const description = readDescription(answer.value.TableDescription);
  return description === null ? undecodable('CreateTable') : { kind: 'ok', value: description };
}

/** Names of every table the credential may list, at most `LIST_TABLES_PAGES_MAX` pages of 100. */
export async function listTables(
  wire: StoreWire,
  options: CallOptions = {},
): Promise<Answer<{ tables: string[]; isComplete: boolean }>> {
  const tables: string[] = [];
  let start: string | undefined;
  for (let page = 0; page < LIST_TABLES_PAGES_MAX; page += 1) {
    const input = { ExclusiveStartTableName: start, Limit: 100 };
    const answer = await call(wire, { operation: 'ListTables', input }, options);
    if (answer.kind !== 'ok') return answer;
    const { TableNames, LastEvaluatedTableName } = answer.value;
    if (!Array.isArray(TableNames) || !TableNames.every((one) => typeof one === 'string')) {
      return undecodable('ListTables');
    }
    tables.push(...(TableNames as string[]));
    if (typeof LastEvaluatedTableName !== 'string') return { kind: 'ok', value: { tables, isComplete: true } };
    start = LastEvaluatedTableName;
  }
  return { kind: 'ok', value: { tables, isComplete: false } };
}

/** The TTL attribute, or null where TTL is off. One being enabled counts: items may vanish by it at any moment. */
export async function describeTimeToLive(
  wire: StoreWire,
  table: string,
  options: CallOptions = {},
): Promise<Answer<string | null>> {
  const answer = await call(wire, { operation: 'DescribeTimeToLive', input: { TableName: table } }, options);
  if (answer.kind !== 'ok') return answer;
  const description = answer.value.TimeToLiveDescription;
  if (!isJson(description) || typeof description.TimeToLiveStatus !== 'string')
    return undecodable('DescribeTimeToLive');
  const isOn = description.TimeToLiveStatus === 'ENABLED' || description.TimeToLiveStatus === 'ENABLING';
  const attribute = description.AttributeName;
  if (isOn && typeof attribute !== 'string') return undecodable('DescribeTimeToLive');
  return { kind: 'ok', value: isOn ? (attribute as string) : null };
}

function readDescription(raw: unknown): TableDescription | null {
  if (!isJson(raw) || typeof raw.TableName !== 'string' || typeof raw.TableStatus !== 'string') return null;
  const types = attributeTypes(raw.AttributeDefinitions);
  const key = readKey(raw.KeySchema, types);
  if (key === null) return null;
  const throughput = isJson(raw.ProvisionedThroughput) ? raw.ProvisionedThroughput : {};
  const billing = isJson(raw.BillingModeSummary) ? raw.BillingModeSummary.BillingMode : undefined;
  const isOnDemand = billing === 'PAY_PER_REQUEST';
  return {
    name: raw.TableName,
    status: raw.TableStatus,
    key,
    itemCount: numberOf(raw.ItemCount) ?? 0,
    sizeBytes: numberOf(raw.TableSizeBytes) ?? 0,
    indexes: [
      ...readIndexes(raw.GlobalSecondaryIndexes, { kind: 'global', types }),
      ...readIndexes(raw.LocalSecondaryIndexes, { kind: 'local', types }),
    ],
    stream: readStream(raw),
    billing: isOnDemand ? 'on_demand' : 'provisioned',
    readUnitsPerSecond: isOnDemand ? null : numberOf(throughput.ReadCapacityUnits),
    writeUnitsPerSecond: isOnDemand ? null : numberOf(throughput.WriteCapacityUnits),
    createdAtMs: typeof raw.CreationDateTime === 'number' ? Math.round(raw.CreationDateTime * 1000) : null,
    raw,
  };
}

type Types = Map<string, KeyAttribute['type']>;

function attributeTypes(definitions: unknown): Types {
  const types: Types = new Map();
  for (const one of listOf(definitions)) {
    const type = one.AttributeType;
    if (typeof one.AttributeName !== 'string') continue;
    if (type === 'S' || type === 'N' || type === 'B') types.set(one.AttributeName, type);
  }
  return types;
}

/** Null where the schema is not one partition and at most one sort attribute of a known type (newer indexes have more). */
function readKey(schema: unknown, types: Types): KeySchema | null {
  const of = (keyType: string): (KeyAttribute | null)[] =>
    listOf(schema)
      .filter((one) => one.KeyType === keyType)
      .map((one) => {
        const type = types.get(String(one.AttributeName));
        return type === undefined ? null : { name: String(one.AttributeName), type };
      });
  const [partitions, sorts] = [of('HASH'), of('RANGE')];
  const partition = partitions[0];
  if (partitions.length !== 1 || !partition || sorts.length > 1 || sorts[0] === null) return null;
  return { partition, sort: sorts[0] ?? null };
}

function readIndexes(indexes: unknown, of: { kind: IndexDescription['kind']; types: Types }): IndexDescription[] {
  return listOf(indexes).map((one) => ({
    name: String(one.IndexName),
    kind: of.kind,
    key: readKey(one.KeySchema, of.types),
    projection: isJson(one.Projection) ? String(one.Projection.ProjectionType ?? 'ALL') : 'ALL',
  }));
}

function readStream(raw: Json): TableDescription['stream'] {
  const specification = raw.StreamSpecification;
  if (!isJson(specification) || typeof specification.StreamViewType !== 'string') return null;
  return {
    arn: typeof raw.LatestStreamArn === 'string' ? raw.LatestStreamArn : null,
    view: specification.StreamViewType,
    isEnabled: specification.StreamEnabled === true,
  };
}

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : []);
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
