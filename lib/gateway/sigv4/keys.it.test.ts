/** Keys of applications at a running gateway: revoked within ten seconds, and a gateway without verification says so. */
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayRig, startGatewayRig } from '@/lib/testing/gateway-rig';
import { startTcpProxy, type TcpProxy } from '@/lib/testing/tcp-proxy';
import { waitFor } from '@/lib/testing/wait-for';

const REVOKED_WITHIN_MS = 10_000;

describe('keys of applications at a gateway', () => {
  let rig: GatewayRig;
  let link: TcpProxy;
  beforeAll(async () => {
    rig = await startGatewayRig();
    link = await startTcpProxy(Number(new URL(rig.database.url).port));
  });
  afterAll(async () => {
    await rig.stop();
    await link.close();
  });

  async function keyed(name: string, url: string) {
    const accessKeyId = `LF${name.toUpperCase()}`;
    const sealed = rig.sealer.seal(`${name} secret`, 'gateway-key');
    await rig.database.sql`insert into gateway_key (id, application, access_key_id, secret_sealed, created_by)
      values (${`key_${name}`}, ${name}, ${accessKeyId}, ${sealed}, 'test')`;
    const client = rig.clientOf(url, { accessKeyId, secretAccessKey: `${name} secret` });
    const isAllowed = () =>
      client.send(new ListTablesCommand({})).then(
        () => true,
        () => false,
      );
    await waitFor(isAllowed, { what: 'the key' });
    return {
      isAllowed,
      revoke: () => rig.database.sql`update gateway_key set revoked_at = now() where id = ${`key_${name}`}`,
    };
  }

  it('are refused within ten seconds of their revocation, though no notification says so', async () => {
    const gateway = await rig.gateway('one');
    const key = await keyed('lost', gateway.url);
    await key.revoke();
    const startedAt = performance.now();
    await waitFor(async () => !(await key.isAllowed()), { what: 'the refusal' });
    expect(performance.now() - startedAt).toBeLessThan(REVOKED_WITHIN_MS);
  });

  it('are accepted on while Postgres is away, and refused within ten seconds of its return', async () => {
    const gateway = await rig.gateway('two', { databaseUrl: link.through(rig.database.url) });
    const key = await keyed('away', gateway.url);
    link.cut();
    await key.revoke();
    expect(await key.isAllowed()).toBe(true);
    link.heal();
    const startedAt = performance.now();
    await waitFor(async () => !(await key.isAllowed()), { what: 'the refusal' });
    expect(performance.now() - startedAt).toBeLessThan(REVOKED_WITHIN_MS);
  });

  it('are asked for by every gateway but one for development, which listens on loopback alone and says so', async () => {
    const gateway = await rig.gateway('open', { verifySignatures: false });
    const client = rig.clientOf(gateway.url, { accessKeyId: 'ANYBODY', secretAccessKey: 'anything' });
    await client.send(new ListTablesCommand({}));
    client.destroy();
    expect(await (await fetch(`${gateway.url}/ready`)).text()).toContain('NOT verified');
    const [row] = await rig.database.sql`select verifies_signatures from gateway where id = ${gateway.gatewayId}`;
    expect(row?.verifies_signatures).toBe(false);
    await expect(rig.gateway('wide', { verifySignatures: false, host: '0.0.0.0' })).rejects.toThrow('loopback only');
  });
});
