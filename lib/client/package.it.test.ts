/** The package that applications install, in an application of its own that is killed and comes back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayRig, startGatewayRig } from '@/lib/testing/gateway-rig';
import { waitFor } from '@/lib/testing/wait-for';
import { bundleClient } from './pack';

const root = resolve(import.meta.dirname, '../..');

describe('an application with the packed client', () => {
  let rig: GatewayRig;
  let table: string;
  let folder: string;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    // Inside the project, so that its libraries are found as an installed package's would be.
    mkdirSync(join(root, '.cache'), { recursive: true });
    folder = mkdtempSync(join(root, '.cache/client-'));
    await bundleClient(folder);
    rig = await startGatewayRig({ settings: { storeTimeoutMs: 3_000, mirrorWaitMsMax: 50 } });
    table = await rig.table('orders', { partition: { name: 'id', type: 'S' } });
    await rig.stage(table, 'dual_write');
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function application(ids: string[]) {
    const options = {
      databaseUrl: rig.database.url,
      sealingKey: rig.sealingKey,
      connection: rig.connectionId,
      identity: 'application',
      dataDir: rig.dataDir,
    };
    const given = [folder, options, ids].map((one) => JSON.stringify(one));
    const child = spawn(process.execPath, ['lib/testing/client-application.mjs', ...given], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    const say = async () => {
      const { value } = await lines.next();
      return JSON.parse(value ?? 'null');
    };
    return { child, say, ...((await say()) as { written: string[]; gatewayId: string }) };
  }

  it('is killed while the follower hangs, and marks at its next start what it had open', async () => {
    rig.target.running.faults.add({ kind: 'freeze', operations: ['PutItem', 'BatchWriteItem'] });
    const first = await application(['k1', 'k2', 'k3']);
    expect(first.written).toEqual(['k1', 'k2', 'k3']);
    first.child.kill('SIGKILL');
    rig.target.running.faults.clear();
    expect(await rig.dirty(table)).toEqual([]);
    const again = await application([]);
    expect(again.gatewayId).toBe(first.gatewayId);
    const rows = await waitFor(async () => {
      const found = await rig.dirty(table);
      return found.length >= 3 ? found : null;
    });
    expect(rows.map((row) => [row.cause, row.held])).toEqual(Array(3).fill(['restart', true]));
    again.child.kill('SIGTERM');
    expect(await again.say()).toEqual({ clean: true });
    const [row] = await rig.database.sql`select state, start_count from gateway where id = ${first.gatewayId}`;
    expect(row).toEqual({ state: 'goodbye', start_count: 2 });
  });

  it('has libraries outside that the package names, and no room of ours', () => {
    const made = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    expect(Object.keys(made.dependencies)).toEqual(expect.arrayContaining(['@aws-sdk/client-dynamodb', 'postgres']));
    const imported = [...readFileSync(join(folder, 'index.js'), 'utf8').matchAll(/^import .*?from "([^"]+)";$/gms)].map(
      (match) => match[1] as string,
    );
    const unnamed = imported.filter(
      (name) =>
        !name.startsWith('node:') &&
        !Object.keys(made.dependencies).some((one) => name === one || name.startsWith(`${one}/`)),
    );
    expect(unnamed).toEqual([]);
    expect(imported.length).toBeGreaterThan(10);
  });
});
