import {
  CreateTableCommand,
  DescribeTableCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';

describe('a gateway before any plan exists', () => {
  let rig: GatewayRig;
  let gateway: RigGateway;
  beforeAll(async () => {
    rig = await startGatewayRig();
    gateway = await rig.gateway('one');
  });
  afterAll(() => rig.stop());

  it('serves a stock SDK by its endpoint alone', async () => {
    await gateway.client.send(
      new CreateTableCommand({
        TableName: 'plain',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );
    await gateway.client.send(new PutItemCommand({ TableName: 'plain', Item: { id: { S: 'a' }, n: { N: '1' } } }));
    const { Item } = await gateway.client.send(new GetItemCommand({ TableName: 'plain', Key: { id: { S: 'a' } } }));
    expect(Item).toEqual({ id: { S: 'a' }, n: { N: '1' } });
    const { TableNames } = await gateway.client.send(new ListTablesCommand({}));
    expect(TableNames).toContain('plain');
  });

  it("gives the store's own error", async () => {
    const failed = gateway.client.send(new DescribeTableCommand({ TableName: 'nowhere' }));
    await expect(failed).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('answers an unknown key and a wrong secret alike', async () => {
    const say = async (given: { accessKeyId?: string; secretAccessKey?: string }) => {
      const client = rig.clientOf(gateway.url, given);
      try {
        return await client.send(new ListTablesCommand({})).then(
          () => 'ok',
          (error: Error & { $metadata: { httpStatusCode: number } }) =>
            [error.name, error.message, error.$metadata.httpStatusCode].join('|'),
        );
      } finally {
        client.destroy();
      }
    };
    const unknown = await say({ accessKeyId: 'LFNOBODY' });
    expect(unknown).toContain('UnrecognizedClientException');
    expect(await say({ secretAccessKey: 'wrong' })).toBe(unknown);
  });

  it('says that it lives, that it is ready and that it is healthy', async () => {
    for (const path of ['/live', '/ready', '/']) expect((await fetch(gateway.url + path)).status).toBe(200);
    expect((await fetch(`${gateway.url}/other`)).status).toBe(404);
  });

  it('says goodbye and comes back as the same gateway', async () => {
    const two = await rig.gateway('two');
    two.client.destroy();
    expect(await two.close()).toEqual({ clean: true });
    const [row] = await rig.database.sql`select state from gateway where id = ${two.gatewayId}`;
    expect(row?.state).toBe('goodbye');
    const again = await rig.gateway('two');
    expect(again.gatewayId).toBe(two.gatewayId);
    const [back] = await rig.database.sql`select state, start_count from gateway where id = ${two.gatewayId}`;
    expect(back).toMatchObject({ state: 'registered', start_count: 2 });
  });
});
