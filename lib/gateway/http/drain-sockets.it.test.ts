/** How sockets end when a gateway does, as the clients at their other end see it. */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createLog } from '@/lib/adapters/log';
import { waitFor } from '@/lib/testing/wait-for';
import { Admission } from '../admission/admission';
import { jsonAnswer } from '../pipeline/answer';
import { startServer } from './server';

const CLIENTS = fileURLToPath(new URL('../../testing/raw-clients.mjs', import.meta.url));
let served = 0;
const serve = () =>
  startServer({
    ...{ host: '127.0.0.1', port: 0, region: 'test', authorizer: null, admission: new Admission(() => 0) },
    log: createLog({ process: 'door', level: 'silent' }),
    handle: async () => {
      served += 1;
      return jsonAnswer({ ok: true });
    },
    ...{ notReady: () => null, notServing: () => null },
  });

describe('a server that ends', () => {
  it('ends each socket of clients that ignore /ready after a whole answer, and resets none', async () => {
    const server = await serve();
    const child = spawn(process.execPath, [CLIENTS, String(server.port), '8', '5', '3'], { stdio: 'pipe' });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
    });
    await waitFor(() => served > 100, { what: 'requests' });
    await server.stop(400);
    await waitFor(() => said.includes('{'), { what: 'what the clients saw' });
    const seen = JSON.parse(said.slice(said.indexOf('{'))) as Record<string, number>;
    expect(seen).toMatchObject({ resets: 0, silent: 0 });
    // Each of the eight was told at least once; one that was slow to come back found nobody, which is no reset.
    expect(seen.told).toBeGreaterThanOrEqual(8);
    expect(seen.answers).toBeGreaterThan(100);
  });

  it('reads what has come before it ends a quiet socket, and answers it', async () => {
    const server = await serve();
    const socket = connect(server.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    const ended = new Promise<string>((done) => {
      socket.on('end', () => done('end'));
      socket.on('error', (error: { code?: string }) => done(error.code ?? 'error'));
    });
    await new Promise<void>((done) => socket.once('connect', done));
    const head = 'Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\n';
    // In the kernel when the end begins: written in the same turn, read by the server in a later one.
    socket.write(`POST / HTTP/1.1\r\nHost: h\r\n${head}Content-Length: 2\r\n\r\n{}`);
    const stopped = server.stop(0);
    expect(await ended).toBe('end');
    expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close[\s\S]*\{"ok":true\}$/);
    socket.destroy();
    await stopped;
  });
});
