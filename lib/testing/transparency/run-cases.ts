/** Runs cases against one address, each with texts of its own in place of `@S`, `@N`, `@B` and `T:`. */
import { type Case, call, SCANNED, type Step, TABLES, type TableShape } from './case';
import type { RawAnswer, StoreClient } from './store-client';

const ACTIVE_WAIT_MS_MAX = 30_000;
const ACTIVE_POLL_MS = 10;
/** Cases under way at once; their keys are their own, so they do not meet. */
const CASES_AT_ONCE = 4;

/** Answers by case and step. */
export type Answers = RawAnswer[][];

export async function runCases(client: StoreClient, cases: readonly Case[], prefix: string): Promise<Answers> {
  const answers: Answers = cases.map(() => []);
  let next = 0;
  const work = async () => {
    for (let at = next; at < cases.length; at = next) {
      next = at + 1;
      for (const step of (cases[at] as Case).steps) answers[at]?.push(await client.send(filledIn(step, at, prefix)));
    }
  };
  await Promise.all(Array.from({ length: CASES_AT_ONCE }, work));
  return answers;
}

function filledIn(step: Step, at: number, prefix: string): Step {
  const id = `c${String(at).padStart(4, '0')}`;
  const fill = (text: string) =>
    text
      .replaceAll('T:', prefix)
      .replaceAll('T\\u003a', prefix)
      .replaceAll('@S', id)
      .replaceAll('@N', String(1_000 + at))
      .replaceAll('@B', Buffer.from(id).toString('base64'));
  const body =
    typeof step.body === 'string' ? fill(step.body) : Buffer.from(fill(step.body.toString('latin1')), 'latin1');
  return { ...step, body };
}

/** Makes the tables of the cases, active, with the items that no case writes. */
export async function makeTables(
  client: StoreClient,
  of: { prefix: string; hasIndexes: boolean; canDescribe: boolean },
): Promise<void> {
  for (const shape of TABLES) {
    await must(client, 'CreateTable', tableInput(shape, of));
    const deadlineAt = performance.now() + ACTIVE_WAIT_MS_MAX;
    while (of.canDescribe) {
      const { body } = await client.send(call('DescribeTable', { TableName: of.prefix + shape.name }));
      if (/"TableStatus":"ACTIVE"/.test(body.toString('utf8'))) break;
      if (performance.now() > deadlineAt) throw new Error(`The table ${shape.name} does not become active`);
      await new Promise<void>((done) => setTimeout(done, ACTIVE_POLL_MS));
    }
  }
  const TableName = `${of.prefix}scanned`;
  for (const Item of SCANNED) await put(client, { TableName, Item });
}

/** A table of a moment ago may not take items yet where it cannot be described. */
async function put(client: StoreClient, input: object): Promise<void> {
  const deadlineAt = performance.now() + ACTIVE_WAIT_MS_MAX;
  for (;;) {
    const { status, body } = await client.send({ operation: 'PutItem', body: JSON.stringify(input) });
    if (status === 200) return;
    if (performance.now() > deadlineAt) throw new Error(`PutItem: ${body.toString('utf8')}`);
    await new Promise<void>((done) => setTimeout(done, ACTIVE_POLL_MS));
  }
}

async function must(client: StoreClient, operation: string, input: object): Promise<void> {
  const { status, body } = await client.send(call(operation, input));
  if (status !== 200) throw new Error(`${operation} at ${client.endpoint.url}: ${status} ${body.toString('utf8')}`);
}

function tableInput(
  { name, partition, sort, indexes }: TableShape,
  of: { prefix: string; hasIndexes: boolean },
): object {
  const isIndexed = indexes === true && of.hasIndexes;
  const parts = [partition, ...(sort ? [sort] : [])];
  const more = isIndexed
    ? [
        ['gpk', 'S'],
        ['gsk', 'N'],
        ['lsk', 'N'],
      ].map(([one, type]) => ({ name: one, type }))
    : [];
  const Projection = { ProjectionType: 'ALL' };
  const keys = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' },
    { AttributeName: range, KeyType: 'RANGE' },
  ];
  return {
    TableName: of.prefix + name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [...parts, ...more].map((one) => ({ AttributeName: one.name, AttributeType: one.type })),
    KeySchema: parts.map((one, at) => ({ AttributeName: one.name, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
    ...(isIndexed
      ? {
          GlobalSecondaryIndexes: [{ IndexName: 'by_g', KeySchema: keys('gpk', 'gsk'), Projection }],
          LocalSecondaryIndexes: [{ IndexName: 'by_l', KeySchema: keys('pk', 'lsk'), Projection }],
        }
      : {}),
  };
}
