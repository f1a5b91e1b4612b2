import type { Answer } from '@/lib/adapters/dynamodb/call';
import { deleteItem, getItem, putItem, queryPage } from '@/lib/adapters/dynamodb/items';
import { describeTable } from '@/lib/adapters/dynamodb/tables';
import type { KeySchema, StoreWire, WireItem } from '@/lib/adapters/ports';
import { sayKeySchema, type TargetProof } from '@/lib/domain/assessment/target-proof';
import { equalValue } from '@/lib/domain/item/compare';
import { attributeOf, setAttribute } from '@/lib/domain/item/item';
import { SORT_LADDER, scratchKey, sortValue } from './scratch-key';
import { sayTrouble, verdictOf } from './trouble';

/**
 * Proves a target table by what it does, because TerraScale promises no DescribeTable: a conditional put, its refusal the
 * second time, consistent reads of one's own writes, the refusal of keys of another shape, the order of a query. The
 * probe items have keys that no application uses and are deleted again and read as gone, whatever happened before.
 */
export interface ProofAsk {
  table: string;
  key: KeySchema;
  /** Hexadecimal; makes the partition of this probe its own. */
  random: string;
}

const VALUE = 'landfall_probe';
const REWRITES = 3;
const DELETE_TRIES_MAX = 3;

/** A refusal of the proof with what it means; caught at the end, after cleaning up. */
class Unproven extends Error {
  constructor(readonly proof: TargetProof) {
    super(proof.detail);
  }
}

export async function proveTarget(wire: StoreWire, ask: ProofAsk): Promise<TargetProof> {
  wire.know?.(ask.table, ask.key);
  const written: WireItem[] = [];
  let proof: TargetProof;
  try {
    proof = await prove(wire, ask, written);
  } catch (error) {
    if (!(error instanceof Unproven)) throw error;
    proof = error.proof;
  }
  const left = await cleanUp(wire, ask, written);
  if (left === 0 || proof.state === 'differs') return proof;
  const detail = `${proof.detail}; ${left} probe items of partition landfall-probe-${ask.random} could not be deleted`;
  return { state: 'unknown', detail };
}

async function prove(wire: StoreWire, ask: ProofAsk, written: WireItem[]): Promise<TargetProof> {
  const key = scratchKey(ask.key, { random: ask.random, step: 0 });
  written.push(key);
  await putFirst(wire, ask, key);
  const again = await put(wire, ask, { key, value: 'again', isNew: true });
  if (again.kind === 'ok' || again.kind === 'unknown' || again.errorType !== 'ConditionalCheckFailedException')
    throw new Unproven({ state: 'unknown', detail: 'a condition that cannot hold was not refused as one' });
  const consistentRead = await readsOwnWrites(wire, ask, key);
  await refusesOtherKeys(wire, ask, key);
  const sortOrder = await sortsLikeSource(wire, ask, written);
  const detail = `key ${sayKeySchema(ask.key)}; conditions hold; consistent reads ${consistentRead ? 'yes' : 'no'}; ${
    ask.key.sort ? `sort order ${sortOrder ? 'as DynamoDB' : 'differs'}` : 'no sort key'
  }`;
  return { state: 'proven', consistentRead, sortOrder, detail };
}

interface Put {
  key: WireItem;
  value: string;
  isNew: boolean;
}

function put(wire: StoreWire, ask: ProofAsk, { key, value, isNew }: Put): Promise<Answer<null>> {
  const item: WireItem = { ...key };
  setAttribute(item, VALUE, { S: value });
  const condition = { expression: 'attribute_not_exists(#p)', names: { '#p': ask.key.partition.name } };
  return putItem(wire, { table: ask.table, item }, isNew ? { condition } : {});
}

async function putFirst(wire: StoreWire, ask: ProofAsk, key: WireItem): Promise<void> {
  const answer = await put(wire, ask, { key, value: '0', isNew: true });
  if (answer.kind === 'ok') return;
  const detail = sayTrouble(answer);
  switch (verdictOf(answer)) {
    case 'no_table':
      throw new Unproven({ state: 'missing', detail: `TerraScale has no table ${ask.table}` });
    case 'not_allowed':
      throw new Unproven({ state: 'may_not_write', mayRead: await mayRead(wire, ask, key), detail });
    case 'key_refused':
    case 'unreachable':
    case 'not_a_store':
      throw new Unproven({ state: 'unreachable', detail });
    default:
      if (answer.kind === 'refused' && answer.errorType === 'ValidationException')
        throw await differs(wire, ask, detail);
      throw new Unproven({ state: 'unknown', detail });
  }
}

async function mayRead(wire: StoreWire, ask: ProofAsk, key: WireItem): Promise<boolean | null> {
  const verdict = verdictOf(await getItem(wire, { table: ask.table, key }));
  return verdict === 'ok' ? true : verdict === 'not_allowed' ? false : null;
}

/** The target's own key where it describes itself; TerraScale need not. */
async function differs(wire: StoreWire, ask: ProofAsk, observed: string): Promise<Unproven> {
  const answer = await describeTable(wire, ask.table);
  const targetKey = answer.kind === 'ok' ? answer.value.key : null;
  const other = targetKey ? sayKeySchema(targetKey) : `another one (${observed})`;
  const detail = `source key ${sayKeySchema(ask.key)}, target key ${other}`;
  return new Unproven({ state: 'differs', detail, targetKey });
}

async function readsOwnWrites(wire: StoreWire, ask: ProofAsk, key: WireItem): Promise<boolean> {
  let isEqual = true;
  for (let round = 1; round <= REWRITES; round += 1) {
    const value = String(round);
    const wrote = await put(wire, ask, { key, value, isNew: false });
    if (wrote.kind !== 'ok') throw new Unproven({ state: 'unknown', detail: sayTrouble(wrote) });
    const read = await getItem(wire, { table: ask.table, key });
    if (read.kind === 'refused' && read.errorType === 'ValidationException')
      throw await differs(wire, ask, sayTrouble(read));
    if (read.kind !== 'ok') throw new Unproven({ state: 'unknown', detail: sayTrouble(read) });
    const seen = read.value === null ? undefined : attributeOf(read.value, VALUE);
    isEqual &&= seen !== undefined && equalValue(seen, { S: value });
  }
  return isEqual;
}

/** A store takes a key of exactly the schema's shape: fewer attributes, more, or of another type must be refused. */
async function refusesOtherKeys(wire: StoreWire, ask: ProofAsk, key: WireItem): Promise<void> {
  const { partition, sort } = ask.key;
  const fewer: WireItem = {};
  setAttribute(fewer, partition.name, attributeOf(key, partition.name)!);
  const more: WireItem = { ...key };
  setAttribute(more, VALUE, { S: 'x' });
  const retyped: WireItem = { ...key };
  setAttribute(retyped, (sort ?? partition).name, (sort ?? partition).type === 'N' ? { S: '1' } : { N: '1' });
  for (const wrong of sort ? [fewer, more, retyped] : [more, retyped]) {
    const answer = await getItem(wire, { table: ask.table, key: wrong });
    if (answer.kind === 'ok') throw await differs(wire, ask, 'it takes keys of another shape');
    if (answer.kind === 'unknown') throw new Unproven({ state: 'unknown', detail: sayTrouble(answer) });
  }
}

async function sortsLikeSource(wire: StoreWire, ask: ProofAsk, written: WireItem[]): Promise<boolean> {
  const { partition, sort } = ask.key;
  if (!sort) return true;
  const steps = SORT_LADDER[sort.type].map((_, step) => step);
  // Backwards, so that a store which returns the order of writing is found out.
  for (const step of [...steps].reverse()) {
    const key = scratchKey(ask.key, { random: ask.random, step });
    written.push(key);
    const wrote = await put(wire, ask, { key, value: 'sort', isNew: false });
    if (wrote.kind !== 'ok') throw new Unproven({ state: 'unknown', detail: sayTrouble(wrote) });
  }
  const values: WireItem = { ':p': attributeOf(written[0]!, partition.name)! };
  const keyCondition = { expression: '#p = :p', names: { '#p': partition.name }, values };
  const page = await queryPage(wire, { table: ask.table, keyCondition });
  if (page.kind !== 'ok') throw new Unproven({ state: 'unknown', detail: sayTrouble(page) });
  const seen = page.value.items.map((item) => attributeOf(item, sort.name));
  return (
    seen.length === steps.length &&
    steps.every((step) => seen[step] !== undefined && equalValue(seen[step], sortValue(sort, step)))
  );
}

/** Deletes every probe item and reads it as gone; the number that may still be there. */
async function cleanUp(wire: StoreWire, ask: ProofAsk, written: readonly WireItem[]): Promise<number> {
  let left = 0;
  for (const key of written) if (!(await removed(wire, ask, key))) left += 1;
  return left;
}

async function removed(wire: StoreWire, ask: ProofAsk, key: WireItem): Promise<boolean> {
  for (let attempt = 0; attempt < DELETE_TRIES_MAX; attempt += 1) {
    const gone = await deleteItem(wire, { table: ask.table, key });
    const verdict = verdictOf(gone);
    // Where nothing can be written, nothing was.
    if (verdict === 'no_table' || verdict === 'not_allowed' || verdict === 'key_refused') return true;
    if (gone.kind === 'refused' && gone.errorType === 'ValidationException')
      return await removedByPartition(wire, ask, key);
    if (gone.kind !== 'ok') continue;
    const read = await getItem(wire, { table: ask.table, key });
    if (read.kind === 'ok' && read.value === null) return true;
  }
  return false;
}

/** A target that lacks the sort key took the item under its partition alone. */
async function removedByPartition(wire: StoreWire, ask: ProofAsk, key: WireItem): Promise<boolean> {
  const { partition } = ask.key;
  const short: WireItem = {};
  setAttribute(short, partition.name, attributeOf(key, partition.name)!);
  const gone = await deleteItem(wire, { table: ask.table, key: short });
  return gone.kind === 'ok' || (gone.kind === 'refused' && gone.errorType === 'ValidationException');
}
