/** Two gateways, hot keys, a target that comes and goes: afterwards both sides are equal. */
import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyFromId } from '@/lib/domain/item/key';
import { type GatewayRig, type RigGateway, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';

const NAME = 'hot';
const KEYS = 4;
const WRITES = 400;
const S = (text: string) => ({ S: text });
const N = (value: number) => ({ N: String(value) });

describe('two gateways on the same hot keys', () => {
  let rig: GatewayRig;
  let table: string;
  let gateways: RigGateway[];
  beforeAll(async () => {
    rig = await startGatewayRig({ settings: { mirrorWaitMsMax: 20, storeTimeoutMs: 4_000, deltaMs: 1_000 } });
    table = await rig.table(NAME, { partition: { name: 'id', type: 'S' } });
    gateways = [await rig.gateway('one'), await rig.gateway('two')];
    await rig.stageEverywhere(table, 'dual_write');
  });
  afterAll(() => rig.stop());

  const items = async (side: 'source' | 'target') => {
    const { Items } = (await rig[side].running.engine.run('Scan', { TableName: NAME })) as {
      Items: { id: { S: string } }[];
    };
    return Items.sort((a, b) => a.id.S.localeCompare(b.id.S));
  };
  const idle = () =>
    waitFor(async () => {
      const [row] = await rig.database.sql`select sum(in_flight + intents_open)::int as open,
        min(last_seen_at) > now() - interval '3 seconds' as fresh from gateway`;
      return row?.open === 0 && row.fresh;
    });

  /** A settle in its shortest form; no request is under way any more. */
  async function settle(): Promise<number> {
    const rows = await rig.dirty(table);
    for (const { key_id } of rows) {
      const Key = keyFromId(key_id, { partition: { name: 'id', type: 'S' }, sort: null });
      const { Item } = (await rig.source.running.engine.run('GetItem', { TableName: NAME, Key })) as { Item?: object };
      const [operation, input] = Item ? ['PutItem', { Item }] : ['DeleteItem', { Key }];
      await rig.target.running.engine.run(operation as string, { TableName: NAME, ...(input as object) });
    }
    await rig.database.sql`delete from dirty_key`;
    return rows.length;
  }

  async function storm(): Promise<{ failed: number }> {
    let failed = 0;
    const one = async (at: number) => {
      const client = (gateways[at % 2] as RigGateway).client;
      const id = S(`k${at % KEYS}`);
      const kind = Math.floor(at / 2) % 4;
      const sent =
        kind === 0
          ? client.send(new DeleteItemCommand({ TableName: NAME, Key: { id } }))
          : kind === 1
            ? client.send(
                new UpdateItemCommand({
                  ...{ TableName: NAME, Key: { id }, UpdateExpression: 'ADD n :one' },
                  ExpressionAttributeValues: { ':one': N(1) },
                }),
              )
            : client.send(new PutItemCommand({ TableName: NAME, Item: { id, n: N(at), text: S(`v${at}`) } }));
      await sent.catch(() => {
        failed += 1;
      });
    };
    let next = 0;
    const worker = async () => {
      while (next < WRITES) {
        next += 1;
        await one(next);
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    return { failed };
  }

  it('end equal once what they marked is settled', async () => {
    expect(await storm()).toEqual({ failed: 0 });
    await idle();
    await settle();
    expect(await items('target')).toEqual(await items('source'));
  });

  it('fail no application while the target is gone, remember it, and end equal', async () => {
    const fault = rig.target.running.faults.add({ kind: 'reset' });
    expect(await storm()).toEqual({ failed: 0 });
    await idle();
    rig.target.running.faults.remove(fault.id);
    const rows = await rig.dirty(table);
    expect(rows.length).toBe(KEYS);
    expect(rows.every((row) => row.held)).toBe(true);
    expect(await settle()).toBe(KEYS);
    expect(await items('target')).toEqual(await items('source'));
    await waitFor(async () => {
      const [row] = await rig.database.sql`select sum(dirty_known)::int as known from gateway`;
      return row?.known === 0;
    });
  });

  it('end equal through answers that get lost on either side', async () => {
    for (const store of [rig.source, rig.target]) {
      store.running.faults.add({ kind: 'drop_after', skip: 20, times: 5, operations: ['PutItem', 'UpdateItem'] });
      store.running.faults.add({
        kind: 'server_error_after',
        skip: 60,
        times: 5,
        operations: ['PutItem', 'DeleteItem'],
      });
      store.running.faults.add({ kind: 'garbage', skip: 100, times: 5, operations: ['PutItem'] });
    }
    const { failed } = await storm();
    expect(failed).toBeGreaterThan(0);
    for (const store of [rig.source, rig.target]) store.running.faults.clear();
    await idle();
    await settle();
    expect(await items('target')).toEqual(await items('source'));
  });
});
