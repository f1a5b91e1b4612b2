/** Epochs, holds, canaries, crashes and absences, as a plan meets them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Material } from '@/db/queries/gateway/material';
import { systemClock } from '@/lib/adapters/clock';
import { createLog } from '@/lib/adapters/log';
import { childEnvironment } from '@/lib/config';
import { routingOf } from '@/lib/domain/plan/steps';
import { ALL_SAFEGUARDS } from '@/lib/domain/safeguards';
import { type GatewayRig, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';
import { RoutingControl } from './control/routing';
import { TokenShare } from './control/token-share';
import { TokenMemory } from './pipeline/tokens';
import { Views } from './pipeline/views';
import { openFolder } from './state/folder';

const S = (text: string) => ({ S: text });
const NAME = 'orders';

describe('a gateway under a plan', () => {
  let rig: GatewayRig;
  let table: string;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    rig = await startGatewayRig({ settings: { holdMsMax: 20_000, storeTimeoutMs: 3_000, mirrorWaitMsMax: 50 } });
    table = await rig.table(NAME, { partition: { name: 'id', type: 'S' } });
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rig.stop();
  });

  const put = (client: DynamoDBClient, id: string) =>
    client.send(new PutItemCommand({ TableName: NAME, Item: { id: S(id) } }));
  const on = async (side: 'source' | 'target', key: object) =>
    ((await rig[side].running.engine.run('GetItem', { TableName: NAME, Key: key })) as { Item?: object }).Item ?? null;
  const held = () => rig.publish(table, { ...routingOf('dual_write', 'shift', 0), writes: 'held' });
  const gone = (id: string) => rig.database.sql`update gateway set state = 'goodbye' where id = ${id}`;

  /** A gateway as a process of its own, and its first line. */
  async function child(identity: string): Promise<{ process: ChildProcess; url: string; gatewayId: string }> {
    const process = spawn('node', ['--import', 'tsx', 'lib/gateway/main.ts'], {
      env: childEnvironment(rig.environment(identity)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(process);
    for await (const line of createInterface({ input: process.stdout as NodeJS.ReadableStream })) {
      const said = JSON.parse(line) as { ready?: boolean; url: string; gatewayId: string };
      if (said.ready) return { process, url: said.url, gatewayId: said.gatewayId };
    }
    throw new Error('the gateway ended before it was ready');
  }

  it('holds writes until a newer epoch, says when it is quiet, and loses none of them', async () => {
    await rig.stage(table, 'shift');
    const gateway = await rig.gateway('hold');
    await put(gateway.client, 'before');
    const epoch = await held();
    await waitFor(
      async () => {
        const [row] = await rig.database.sql`select quiet_epoch >= ${epoch} as quiet from gateway_table
          where gateway_id = ${gateway.gatewayId} and plan_table_id = ${table}`;
        return row?.quiet;
      },
      { what: 'a quiet report' },
    );
    let isWritten = false;
    const waiting = put(gateway.client, 'during').then(() => {
      isWritten = true;
    });
    // Still held under the flip's own epoch; a request that waits has begun nothing.
    await rig.acknowledged(await held());
    expect([isWritten, await on('source', { id: S('during') })]).toEqual([false, null]);
    await rig.stage(table, 'target_first');
    await waiting;
    expect(await on('target', { id: S('during') })).not.toBeNull();
    await rig.stage(table, 'dual_write');
    expect(await gateway.close()).toEqual({ clean: true });
  });

  it('writes a canary through its own pipeline and takes it away again', async () => {
    await rig.stage(table, 'dual_write');
    const gateway = await rig.gateway('canary');
    await rig.canary(table, 'nonce-1');
    const key = await waitFor(async () => {
      const [row] = await rig.database.sql`select canary_key from gateway_table
        where gateway_id = ${gateway.gatewayId} and canary_nonce = 'nonce-1'`;
      return row?.canary_key as object | undefined;
    });
    await waitFor(async () => JSON.stringify(await on('target', key)).includes('nonce-1'));
    await rig.canary(table, null);
    await waitFor(async () => (await on('source', key)) === null && (await on('target', key)) === null);
    await waitFor(async () => {
      const [row] = await rig.database
        .sql`select canary_nonce from gateway_table where gateway_id = ${gateway.gatewayId}`;
      return row?.canary_nonce === null;
    });
    expect(await gateway.close()).toEqual({ clean: true });
  });

  it('marks what kill -9 cut off, when it is back', async () => {
    await rig.stage(table, 'dual_write');
    const first = await child('killed');
    const client = rig.clientOf(first.url);
    rig.target.running.faults.add({ kind: 'freeze', operations: ['PutItem', 'BatchWriteItem'] });
    await Promise.all(['k1', 'k2', 'k3'].map((id) => put(client, id)));
    first.process.kill('SIGKILL');
    client.destroy();
    rig.target.running.faults.clear();
    const again = await child('killed');
    expect(again.gatewayId).toBe(first.gatewayId);
    const rows = await waitFor(async () => {
      const found = await rig.dirty(table);
      return found.length >= 3 ? found : null;
    });
    expect(rows.map((row) => [row.cause, row.held])).toEqual(Array(3).fill(['restart', true]));
    await rig.database.sql`delete from dirty_key`;
    again.process.kill('SIGTERM');
    await waitFor(async () => {
      const [row] = await rig.database.sql`select state from gateway where id = ${again.gatewayId}`;
      return row?.state === 'goodbye';
    });
  });

  it('reads keys and credentials one at a time, however many ask for them at once', async () => {
    const folder = await openFolder(join(rig.dataDir, 'gateways', 'material'));
    let openGate = () => {};
    let gate = Promise.resolve();
    const slow = {
      ...folder,
      writeMaterial: async (material: Material) => {
        const mine = gate;
        gate = Promise.resolve();
        await mine;
        await folder.writeMaterial(material);
      },
    };
    const control = new RoutingControl({
      ...{ sql: rig.database.sql, folder: slow, views: new Views() },
      log: createLog({ process: 'test', level: 'silent' }),
      safeguards: ALL_SAFEGUARDS,
      registration: { connection: rig.connectionId, identity: 'material', version: '0', host: 'here', listen: '-' },
      onMaterial: () => {},
      tokenShare: new TokenShare({
        ...{
          sql: rig.database.sql,
          sealer: rig.sealer,
          gatewayId: folder.gatewayId,
          tokens: new TokenMemory(systemClock),
        },
      }),
    });
    await control.refresh();
    await rig.database.sql`insert into gateway_key (id, application, access_key_id, secret_sealed, created_by)
      values ('key_second', 'second', 'LFSECOND', 'sealed', 'test')`;
    gate = new Promise((done) => {
      openGate = done;
    });
    const order: number[] = [];
    const both = [1, 2].map((n) => control.refreshMaterial().then(() => order.push(n)));
    let looks = 0;
    await waitFor(() => order.length > 0 || looks++ > 20);
    openGate();
    await Promise.all(both);
    expect(order).toEqual([1, 2]);
    await rig.database.sql`delete from gateway_key where id = 'key_second'`;
    await gone(folder.gatewayId);
    folder.release();
  });

  it('lets one process alone serve with a folder', async () => {
    const gateway = await rig.gateway('alone');
    await expect(rig.gateway('alone')).rejects.toThrow('one process a folder');
    expect(await gateway.close()).toEqual({ clean: true });
  });

  it('serves from its stored snapshot, held as it was, while Postgres is away', async () => {
    await rig.stage(table, 'shift');
    const first = await rig.gateway('away');
    await rig.acknowledged(await held());
    await first.crash();
    const again = await rig.gateway('away', { databaseUrl: 'postgres://nobody@127.0.0.1:1/none' });
    const waiting = put(again.client, 'held').then(
      () => 'written',
      (error: Error) => error.name,
    );
    expect((await fetch(`${again.url}/ready`)).status).toBe(200);
    expect(await on('source', { id: S('held') })).toBeNull();
    again.client.destroy();
    await waiting;
    expect(await again.close()).toEqual({ clean: false });
    await gone(first.gatewayId);
  });

  it('does not serve from a closed snapshot before it has seen the current epoch', async () => {
    await rig.stage(table, 'dual_write');
    const first = await rig.gateway('closed');
    expect(await first.close()).toEqual({ clean: true });
    const again = await rig.gateway('closed', { databaseUrl: 'postgres://nobody@127.0.0.1:1/none', ready: false });
    expect((await fetch(`${again.url}/ready`)).status).toBe(503);
    await expect(put(again.client, 'early')).rejects.toMatchObject({ name: 'ServiceUnavailableException' });
    await again.crash();
  });

  it('returns no more once it was declared dead', async () => {
    const gateway = await rig.gateway('dead');
    await gateway.crash();
    await rig.database.sql`update gateway set state = 'declared_dead' where id = ${gateway.gatewayId}`;
    const again = await rig.gateway('dead', { ready: false });
    await expect(again.ready).rejects.toThrow('declared dead');
    await again.crash();
    // It has heard so: its folder serves nobody any more, not even where Postgres cannot be asked.
    const away = { databaseUrl: 'postgres://nobody@127.0.0.1:1/none' };
    await expect(rig.gateway('dead', away)).rejects.toThrow('declared dead');
  });
});
