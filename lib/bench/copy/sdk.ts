/** The AWS SDK as it is used: pages of attribute values, batches of 25 or 100, a bounded number under way. */
import { Agent as HttpAgent } from 'node:http';
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { BENCH_CREDENTIALS, BENCH_REGION, BENCH_TABLE } from './items';
import { chunksOf, pipeline } from './pipeline';
import { BATCH_GET, BATCH_WRITE, type BenchVariant, type ClientInput, REQUESTS_AT_A_TIME } from './protocol';

type Item = Record<string, AttributeValue>;

/** `isTuned`: no logger (by default every input and output is copied for one that says nothing), own agents. */
export function sdkVariant(input: ClientInput, isTuned: boolean): BenchVariant {
  const agent = { keepAlive: true, maxSockets: 2 * REQUESTS_AT_A_TIME };
  const tuned: DynamoDBClientConfig = isTuned
    ? { logger: {} as never, requestHandler: { httpAgent: new HttpAgent(agent) } }
    : {};
  const open = (endpoint: string) =>
    new DynamoDBClient({ endpoint, region: BENCH_REGION, credentials: BENCH_CREDENTIALS, ...tuned });
  const [source, target] = [open(input.source), open(input.target)];
  const state = { items: 0, found: 0, cursor: undefined as Item | undefined };

  async function scan(): Promise<Item[]> {
    const page = await source.send(
      new ScanCommand({
        TableName: BENCH_TABLE,
        ExclusiveStartKey: state.cursor,
        ConsistentRead: true,
        ReturnConsumedCapacity: 'TOTAL',
      }),
    );
    state.cursor = page.LastEvaluatedKey;
    return page.Items ?? [];
  }

  async function write(items: readonly Item[]): Promise<void> {
    let pending = items.map((Item) => ({ PutRequest: { Item } }));
    while (pending.length > 0) {
      const answer = await target.send(new BatchWriteItemCommand({ RequestItems: { [BENCH_TABLE]: pending } }));
      pending = (answer.UnprocessedItems?.[BENCH_TABLE] ?? []) as typeof pending;
    }
    state.items += items.length;
  }

  async function compare(items: readonly Item[]): Promise<void> {
    const Keys = items.map(({ customer, order }) => ({ customer, order }) as Item);
    const answer = await target.send(
      new BatchGetItemCommand({ RequestItems: { [BENCH_TABLE]: { Keys, ConsistentRead: true } } }),
    );
    const keyOf = (item: Item) => `${item.customer?.S} ${item.order?.N}`;
    const there = new Map((answer.Responses?.[BENCH_TABLE] ?? []).map((item) => [keyOf(item), item]));
    for (const item of items) {
      const other = there.get(keyOf(item));
      if (other === undefined || !isSameItem(item, other)) state.found += 1;
    }
    state.items += items.length;
  }

  const size = input.work === 'backfill' ? BATCH_WRITE : BATCH_GET;
  const one = input.work === 'backfill' ? write : compare;
  return {
    run: (end) =>
      pipeline(end, {
        scan,
        *batches(items) {
          for (const batch of chunksOf(items, size)) yield () => one(batch);
        },
      }),
    items: () => state.items,
    found: () => state.found,
  };
}

const isSameItem = (a: Item, b: Item): boolean => {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && isSame(a[name] as AttributeValue, b[name] as AttributeValue))
  );
};

/** Equality of attribute values: sets in any order, numbers by their text, lists in order. */
function isSame(a: AttributeValue, b: AttributeValue): boolean {
  const type = Object.keys(a)[0] as string;
  const [first, second] = [
    (a as unknown as Record<string, unknown>)[type],
    (b as unknown as Record<string, unknown>)[type],
  ];
  if (second === undefined) return false;
  if (type === 'B') return Buffer.compare(first as Uint8Array, second as Uint8Array) === 0;
  if (type === 'M') return isSameItem(first as Item, second as Item);
  if (type === 'L') {
    const [list, other] = [first as AttributeValue[], second as AttributeValue[]];
    return list.length === other.length && list.every((one, at) => isSame(one, other[at] as AttributeValue));
  }
  if (type === 'SS' || type === 'NS' || type === 'BS') {
    const text = (one: unknown) => (typeof one === 'string' ? one : Buffer.from(one as Uint8Array).toString('base64'));
    const members = new Set((second as unknown[]).map(text));
    return members.size === (first as unknown[]).length && (first as unknown[]).every((one) => members.has(text(one)));
  }
  return first === second;
}
