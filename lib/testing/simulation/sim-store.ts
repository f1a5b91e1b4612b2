/**
 * A store in memory: the operations that the gateway and the worker send, each applied at one instant. It keeps what was
 * written by whom, because the history is judged by what the authority applied and not by what anybody believes.
 */
import type { WireItem } from '@/lib/domain/item/item';

type Json = Record<string, unknown>;
export interface Applied {
  status: number;
  body: Json;
}

export interface Change {
  key: string;
  item: WireItem | null;
  atMs: number;
  /** Name of the process that asked. */
  by: string;
}

const KEY = 'pk';
const refuse = (type: string, message = type): Applied => ({
  status: 400,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message },
});

export class SimStore {
  readonly #items = new Map<string, WireItem>();
  readonly changes: Change[] = [];
  /** Keys and items that a batch leaves over, by chance. */
  leavesOver: () => boolean = () => false;
  /** How old an eventually consistent read is. */
  staleMs: () => number = () => 0;

  constructor(
    readonly name: string,
    private readonly nowMs: () => number,
  ) {}

  get(key: string): WireItem | null {
    return this.#items.get(key) ?? null;
  }

  all(): Map<string, WireItem> {
    return new Map([...this.#items].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  put(item: WireItem, by: string): void {
    const key = (item[KEY] as { S: string }).S;
    this.#items.set(key, item);
    this.changes.push({ key, item, atMs: this.nowMs(), by });
  }

  remove(key: string, by: string): void {
    this.#items.delete(key);
    this.changes.push({ key, item: null, atMs: this.nowMs(), by });
  }

  apply(operation: string, input: Json, by: string): Applied {
    switch (operation) {
      case 'PutItem':
        this.put(input.Item as WireItem, by);
        return { status: 200, body: {} };
      case 'DeleteItem':
        return this.#delete(input, by);
      case 'UpdateItem':
        return this.#update(input, by);
      case 'GetItem':
        return this.#get(input);
      case 'BatchGetItem':
        return this.#batchGet(input);
      case 'BatchWriteItem':
        return this.#batchWrite(input, by);
      case 'TransactWriteItems':
        return this.#transact(input, by);
      case 'Scan':
        return this.#scan(input);
      default:
        return refuse('UnknownOperationException', operation);
    }
  }

  #delete(input: Json, by: string): Applied {
    this.remove(keyIn(input), by);
    return { status: 200, body: {} };
  }

  /** Two expressions: `ADD added :by` and, conditional on the item's existence, `SET word = :word`. */
  #update(input: Json, by: string): Applied {
    const key = keyIn(input);
    const before = this.get(key);
    const values = input.ExpressionAttributeValues as Record<string, { N?: string; S?: string }>;
    let after: WireItem;
    if (values[':by'] !== undefined) {
      const sum = Number((before?.added as { N: string } | undefined)?.N ?? 0) + Number(values[':by'].N);
      after = { ...(before ?? { [KEY]: { S: key } }), added: { N: String(sum) } };
    } else {
      if (before === null) return refuse('ConditionalCheckFailedException', 'The conditional request failed');
      after = { ...before, word: values[':word'] as { S: string } };
    }
    this.put(after, by);
    return { status: 200, body: input.ReturnValues === 'ALL_NEW' ? { Attributes: after } : {} };
  }

  #seen(key: string, isConsistent: unknown): WireItem | null {
    if (isConsistent === true) return this.get(key);
    const atMs = this.nowMs() - this.staleMs();
    for (let at = this.changes.length - 1; at >= 0; at -= 1) {
      const change = this.changes[at] as Change;
      if (change.key === key && change.atMs <= atMs) return change.item;
    }
    return this.changes.some((change) => change.key === key) ? null : this.get(key);
  }

  #get(input: Json): Applied {
    // A single read is judged against what was acknowledged, so it is never behind by the store's own leave.
    const item = this.get(keyIn(input));
    return { status: 200, body: item === null ? {} : { Item: item } };
  }

  #batchGet(input: Json): Applied {
    const Responses: Json = {};
    const UnprocessedKeys: Json = {};
    for (const [table, asked] of Object.entries(input.RequestItems as Record<string, Json>)) {
      const found: WireItem[] = [];
      const left: Json[] = [];
      for (const Key of asked.Keys as Json[]) {
        if (this.leavesOver()) left.push(Key);
        else {
          const item = this.#seen(keyIn({ Key }), asked.ConsistentRead);
          if (item !== null) found.push(item);
        }
      }
      Responses[table] = found;
      if (left.length > 0) UnprocessedKeys[table] = { ...asked, Keys: left };
    }
    return { status: 200, body: { Responses, UnprocessedKeys } };
  }

  #batchWrite(input: Json, by: string): Applied {
    const UnprocessedItems: Record<string, Json[]> = {};
    for (const [table, entries] of Object.entries(input.RequestItems as Record<string, Json[]>)) {
      for (const entry of entries) {
        if (this.leavesOver()) {
          UnprocessedItems[table] = [...(UnprocessedItems[table] ?? []), entry];
        } else this.#entry(entry, by);
      }
    }
    return { status: 200, body: { UnprocessedItems } };
  }

  #entry(entry: Json, by: string): void {
    if (entry.PutRequest !== undefined) this.put((entry.PutRequest as { Item: WireItem }).Item, by);
    else this.remove(keyIn(entry.DeleteRequest as Json), by);
  }

  #transact(input: Json, by: string): Applied {
    for (const action of input.TransactItems as Record<string, Json>[]) {
      if (action.Put) this.put(action.Put.Item as WireItem, by);
      else if (action.Delete) this.remove(keyIn(action.Delete), by);
      else if (action.Update) this.#update({ ...action.Update, ReturnValues: 'NONE' }, by);
    }
    return { status: 200, body: {} };
  }

  #scan(input: Json): Applied {
    const { Segment = 0, TotalSegments = 1 } = input as { Segment?: number; TotalSegments?: number };
    const after = input.ExclusiveStartKey === undefined ? null : keyIn({ Key: input.ExclusiveStartKey });
    const known = new Set([...this.#items.keys(), ...this.changes.map((change) => change.key)]);
    const keys = [...known]
      .filter((key) => segmentOf(key, TotalSegments) === Segment && (after === null || key > after))
      .sort();
    const page = keys.slice(0, (input.Limit as number | undefined) ?? keys.length);
    const Items = page.map((key) => this.#seen(key, input.ConsistentRead)).filter((item) => item !== null);
    const body: Json = { Items, Count: Items.length, ScannedCount: Items.length };
    if (page.length < keys.length) body.LastEvaluatedKey = { [KEY]: { S: page[page.length - 1] } };
    return { status: 200, body };
  }
}

const keyIn = (input: Json): string => ((input.Key as Record<string, { S: string }>)[KEY] as { S: string }).S;

function segmentOf(key: string, total: number): number {
  let sum = 0;
  for (let at = 0; at < key.length; at += 1) sum = (sum * 31 + key.charCodeAt(at)) >>> 0;
  return sum % total;
}
