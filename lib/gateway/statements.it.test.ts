/** PartiQL through every stage: what reads passes while the source is kept equal, what may write never passes the mirror by. */
import {
  BatchExecuteStatementCommand,
  type DynamoDBClient,
  ExecuteStatementCommand,
  ExecuteTransactionCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STAGE_ENTRIES, type StaticRig, startStaticRig } from '@/lib/testing/static-rig';

const keySchema = { partition: { name: 'pk', type: 'S' } };
const STAGES = {
  ...STAGE_ENTRIES,
  frozen: { writes: 'refused', reads: 'source' },
  held: { writes: 'held', reads: 'source', holdMsMax: 50 },
} as const;
type Name = keyof typeof STAGES;
/** A throttle is repeated by SDKs: the table is only stopped for a moment. */
const OF_WRITES: Record<Name, 'passes' | RegExp> = {
  source: 'passes',
  dual_write: /^ValidationException: .*PartiQL cannot write orders/,
  shift_0: /^ValidationException: .*PartiQL cannot write orders/,
  shift_50: /^ValidationException: .*PartiQL cannot write orders/,
  shift_100: /^ValidationException: .*PartiQL cannot write orders/,
  target_first: /^ValidationException: .*PartiQL cannot write orders/,
  target: /^ValidationException: .*knows no PartiQL/,
  frozen: /^ThrottlingException/,
  held: /^ThrottlingException/,
};
const OF_READS: Record<Name, 'passes' | RegExp> = {
  ...{ source: 'passes', dual_write: 'passes', shift_0: 'passes', shift_50: 'passes', shift_100: 'passes' },
  ...{ frozen: 'passes', held: 'passes', target_first: 'passes' },
  target: /^ValidationException: .*no PartiQL/,
};
const WRITES = [
  `DELETE FROM "orders" WHERE pk = 'a'`,
  `  \n\tinsert into orders value {'pk': 'a'}`,
  `-- SELECT\nupdate "orders" set n = 1 where pk = 'a'`,
  `/* SELECT */ Delete From ORDERS where pk = 'a'`,
  `UPDATE "arn:aws:dynamodb:eu-central-1:123456789012:table/orders" SET n = 1 WHERE pk = 'a'`,
];
const READS = [
  'SELECT * FROM "orders"',
  '\n select pk from orders',
  '/* DELETE */ Select * From "orders"."by_day"',
  '-- x\r\nselect 1 from "orders"',
];

describe('PartiQL', () => {
  let rig: StaticRig;
  let client: DynamoDBClient;
  let take: (stage: Name) => Promise<void>;
  beforeAll(async () => {
    rig = await startStaticRig();
    const tables = (stage: Name) => ({ orders: { ...STAGES[stage], keySchema } });
    const gateway = await rig.gateway(tables('source'));
    client = rig.clientOf(gateway.url);
    take = (stage) => gateway.take(rig.document(tables(stage)));
  });
  afterAll(() => rig.stop());

  const commands = (Statement: string): [operation: string, run: () => Promise<unknown>][] => [
    ['ExecuteStatement', () => client.send(new ExecuteStatementCommand({ Statement }))],
    ['BatchExecuteStatement', () => client.send(new BatchExecuteStatementCommand({ Statements: [{ Statement }] }))],
    ['ExecuteTransaction', () => client.send(new ExecuteTransactionCommand({ TransactStatements: [{ Statement }] }))],
  ];
  const sumOf = (side: 'source' | 'target') =>
    Object.entries(rig[side].running.stats.byOperation).reduce(
      (sum, [operation, count]) => sum + (/^(Batch)?Execute/.test(operation) ? (count ?? 0) : 0),
      0,
    );

  /** `passes`: the source was asked, and its answer came back (this one knows no PartiQL and says so). */
  async function becomeOf(run: () => Promise<unknown>): Promise<string> {
    const before = sumOf('source');
    const said = await run().then(
      () => 'ok',
      (error: Error) => `${error.name}: ${error.message}`,
    );
    return sumOf('source') === before + 1 && /^UnknownOperation/.test(said) ? 'passes' : said;
  }

  it.each(Object.keys(STAGES) as Name[])('in %s', async (stage) => {
    await take(stage);
    for (const [statements, expected] of [
      [WRITES, OF_WRITES[stage]],
      [READS, OF_READS[stage]],
    ] as const) {
      for (const statement of statements) {
        for (const [operation, run] of commands(statement)) {
          const became = await becomeOf(run);
          if (expected === 'passes') expect(became, `${operation} ${statement}`).toBe('passes');
          else expect(became, `${operation} ${statement}`).toMatch(expected);
        }
      }
    }
  });

  it('on another table, whose name only begins like one of a plan, passes', async () => {
    await take('dual_write');
    const Statement = `DELETE FROM "orders-archive" WHERE pk = 'a'`;
    expect(await becomeOf(() => client.send(new ExecuteStatementCommand({ Statement })))).toBe('passes');
  });

  it('never reaches the target', () => expect(sumOf('target')).toBe(0));
});
