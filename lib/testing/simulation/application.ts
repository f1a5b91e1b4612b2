/**
 * Applications of a schedule: each sends one request at a time to some gateway, waits for the answer as long as a client
 * would, and writes down what it asked, when, and what it was told. Every write carries a mark of its own.
 */
import type { GatewayAnswer } from '@/lib/gateway/pipeline/answer';
import type { Chance } from './chance';
import type { SimGateway } from './sim-gateway';
import type { VirtualTime } from './virtual-time';

export interface Asked {
  id: string;
  operation: string;
  keys: string[];
  gateway: string;
  askedAtMs: number;
  answeredAtMs: number | null;
  outcome: 'acknowledged' | 'refused' | 'unknown';
  /** Of a read: the item's mark, null for absence, undefined where there was no answer. */
  read?: string | null;
  /** A backfill was under way or to come: no plan shares reads out then, so what a read saw is not judged. */
  wasCopying: boolean;
}

export interface ApplicationParts {
  name: string;
  time: VirtualTime;
  chance: Chance;
  keys: readonly string[];
  /** Gateways that an application may reach now. */
  gateways(): readonly SimGateway[];
  asks: number;
  /** Usual time between an answer and the next request. */
  thinkMs: number;
  isCopying(): boolean;
  record: Asked[];
}

const CLIENT_MS_MAX = 4_000;
const TABLE = 'orders';

/** Resolves when the last answer has come, or was waited for in vain. */
export async function runApplication(parts: ApplicationParts): Promise<void> {
  const { name, time, chance, record, thinkMs } = parts;
  let last: Last | null = null;
  for (let turn = 0; turn < parts.asks; turn += 1) {
    await time.rest(chance.delayMs(thinkMs));
    const asked: Question = askOf(`${name}.${turn}`, parts, last);
    const gateway = gatewayFor(asked, parts, last);
    const { input, ...rest } = asked;
    const entry: Asked = {
      ...rest,
      gateway: gateway.process.name,
      askedAtMs: time.nowMs,
      answeredAtMs: null,
      outcome: 'unknown',
      wasCopying: parts.isCopying(),
    };
    record.push(entry);
    const answer = await Promise.race([
      gateway.handle(asked.operation, input),
      time.rest(CLIENT_MS_MAX).then(() => null),
    ]);
    if (asked.operation !== 'GetItem') last = { key: asked.keys[0] as string, gateway };
    if (answer === null) continue;
    entry.answeredAtMs = time.nowMs;
    entry.outcome = answer.status === 200 ? 'acknowledged' : answer.status < 500 ? 'refused' : 'unknown';
    if (asked.operation === 'GetItem' && answer.status === 200) entry.read = readOf(answer);
  }
}

function readOf(answer: GatewayAnswer): string | null {
  const { Item } = JSON.parse(answer.body.toString()) as { Item?: Record<string, { S?: string; N?: string }> };
  return Item === undefined ? null : JSON.stringify(Item);
}

/** What an application wrote last, and through which gateway. */
interface Last {
  key: string;
  gateway: SimGateway;
}

interface Question {
  id: string;
  operation: string;
  keys: string[];
  input: object;
}

/** Of reads, how many look at what the same application has just written, as most do. */
const OWN_READS = 0.6;

/** Some connections stay with one gateway. */
function gatewayFor({ operation }: Question, { chance, gateways }: ApplicationParts, last: Last | null): SimGateway {
  if (operation === 'GetItem' && last !== null && !last.gateway.process.isDead && chance.is(0.5)) return last.gateway;
  return chance.pick(gateways());
}

function askOf(id: string, { chance, keys }: ApplicationParts, last: Last | null): Question {
  const pk = chance.pick(keys);
  const Key = { pk: { S: pk } };
  const Item = { ...Key, by: { S: id } };
  const one = (operation: string, input: object) => ({
    id,
    operation,
    keys: [pk],
    input: { TableName: TABLE, ...input },
  });
  const dice = chance.next();
  if (dice < 0.25) return one('PutItem', { Item });
  if (dice < 0.5) return one('DeleteItem', { Key });
  if (dice < 0.65) {
    const ReturnValues = chance.pick([undefined, 'NONE', 'ALL_NEW', 'UPDATED_NEW', 'ALL_OLD']);
    return one('UpdateItem', {
      Key,
      UpdateExpression: 'ADD added :by',
      ExpressionAttributeValues: { ':by': { N: '1' } },
      ReturnValues,
    });
  }
  if (dice < 0.7) {
    return one('UpdateItem', {
      Key,
      UpdateExpression: 'SET word = :word',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':word': { S: id } },
    });
  }
  if (dice < 0.85) {
    const read = last !== null && chance.is(OWN_READS) ? last.key : pk;
    return { ...one('GetItem', { Key: { pk: { S: read } } }), keys: [read] };
  }
  const second = chance.pick(keys.filter((key) => key !== pk));
  const both = [pk, second];
  if (dice < 0.93) {
    const entries = [{ PutRequest: { Item } }, { DeleteRequest: { Key: { pk: { S: second } } } }];
    return { id, operation: 'BatchWriteItem', keys: both, input: { RequestItems: { [TABLE]: entries } } };
  }
  const actions = [
    { Put: { TableName: TABLE, Item } },
    {
      Update: {
        ...{ TableName: TABLE, Key: { pk: { S: second } } },
        ...{ UpdateExpression: 'ADD added :by', ExpressionAttributeValues: { ':by': { N: '1' } } },
      },
    },
  ];
  return { id, operation: 'TransactWriteItems', keys: both, input: { TransactItems: actions } };
}
