import { type Answer, call, type Json, type Trouble } from '@/lib/adapters/dynamodb/call';
import { deleteItem, getItem, putItem } from '@/lib/adapters/dynamodb/items';
import type { KeySchema, StoreWire, WireItem } from '@/lib/adapters/ports';
import type { LabKind, LabSide } from '@/lib/contracts/lab';
import { attributeOf, setAttribute } from '@/lib/domain/item/item';
import { sayTrouble } from '../connection/trouble';

/** One expression with what it names, as both stores are given it. */
export interface LabExperiment {
  table: string;
  key: WireItem;
  schema: KeySchema;
  kind: LabKind;
  expression: string;
  condition: string | null;
  names: Record<string, string> | null;
  values: WireItem | null;
  /** Null: the expression meets no item. */
  item: WireItem | null;
}

const DELETE_TRIES_MAX = 3;
/** Own names of the lab in a query, which the person's expression must not use. */
export const LAB_NAME = '#landfall_lab';
export const LAB_VALUE = ':landfall_lab';

export interface Ran {
  outcome: LabSide['outcome'];
  detail: string | null;
  image: WireItem | null;
  isClean: boolean;
}

/** Whether the scratch key is free; the trouble where the store does not say. */
export async function isFree(wire: StoreWire, { table, key, schema }: LabExperiment): Promise<boolean | Trouble> {
  wire.know?.(table, schema);
  const read = await getItem(wire, { table, key });
  return read.kind === 'ok' ? read.value === null : read;
}

/**
 * Runs an expression against the sample item under a scratch key that was found free, reads what is there afterwards, and
 * deletes it again whatever happened. The item is put only where nothing is.
 */
export async function runSide(wire: StoreWire, experiment: LabExperiment): Promise<Ran> {
  let ran: Omit<Ran, 'isClean'>;
  try {
    ran = await run(wire, experiment);
  } catch (error) {
    await clean(wire, experiment);
    throw error;
  }
  return { ...ran, isClean: await clean(wire, experiment) };
}

async function run(wire: StoreWire, experiment: LabExperiment): Promise<Omit<Ran, 'isClean'>> {
  const { table, key, item, schema } = experiment;
  if (item !== null) {
    const free = { expression: 'attribute_not_exists(#p)', names: { '#p': schema.partition.name } };
    const put = await putItem(wire, { table, item: whole(item, key) }, { condition: free });
    if (put.kind !== 'ok') {
      const detail = `the sample item was not written: ${sayTrouble(put)}`;
      return { outcome: put.kind === 'refused' ? 'refused' : 'unknown', detail, image: null };
    }
  }
  const { operation, input } = requestOf(experiment);
  const answer = await call(wire, { operation, input });
  const after = await getItem(wire, { table, key });
  return { ...said(experiment, answer), image: after.kind === 'ok' ? after.value : null };
}

const whole = (item: WireItem, key: WireItem): WireItem => {
  const all: WireItem = {};
  for (const part of [item, key])
    for (const name of Object.keys(part)) setAttribute(all, name, part[name] as WireItem[string]);
  return all;
};

function requestOf(experiment: LabExperiment): { operation: string; input: Json } {
  const { table, key, kind, expression, condition, item, schema } = experiment;
  const given = {
    ExpressionAttributeNames: experiment.names ?? undefined,
    ExpressionAttributeValues: experiment.values ?? undefined,
  };
  if (kind === 'update') {
    const ConditionExpression = condition ?? undefined;
    const input = { TableName: table, Key: key, UpdateExpression: expression, ConditionExpression, ...given };
    return { operation: 'UpdateItem', input };
  }
  if (kind === 'condition') {
    // The sample is written once more, so that a condition that holds changes nothing.
    const input = { TableName: table, Item: whole(item ?? {}, key), ConditionExpression: expression, ...given };
    return { operation: 'PutItem', input };
  }
  const { name } = schema.partition;
  return {
    operation: 'Query',
    input: {
      TableName: table,
      KeyConditionExpression: `${LAB_NAME} = ${LAB_VALUE}`,
      FilterExpression: expression,
      ConsistentRead: true,
      ExpressionAttributeNames: { ...experiment.names, [LAB_NAME]: name },
      ExpressionAttributeValues: { ...experiment.values, [LAB_VALUE]: attributeOf(key, name) },
    },
  };
}

function said({ kind }: LabExperiment, answer: Answer<Json>): Pick<Ran, 'outcome' | 'detail'> {
  if (answer.kind === 'unknown') return { outcome: 'unknown', detail: sayTrouble(answer) };
  if (answer.kind === 'refused') {
    const isCondition = answer.errorType === 'ConditionalCheckFailedException';
    return isCondition ? { outcome: 'failed', detail: null } : { outcome: 'refused', detail: sayTrouble(answer) };
  }
  if (kind === 'filter') return { outcome: answer.value.Count === 0 ? 'not_matched' : 'matched', detail: null };
  return { outcome: kind === 'update' ? 'applied' : 'held', detail: null };
}

/** The key was free and is this experiment's alone. True: read as gone, or nothing could have been written. */
async function clean(wire: StoreWire, { table, key }: LabExperiment): Promise<boolean> {
  for (let attempt = 0; attempt < DELETE_TRIES_MAX; attempt += 1) {
    await deleteItem(wire, { table, key });
    const read = await getItem(wire, { table, key });
    if (read.kind === 'ok' && read.value === null) return true;
  }
  return false;
}
