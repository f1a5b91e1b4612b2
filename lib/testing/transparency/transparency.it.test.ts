import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CASES, runTransparency } from './transparency';

const MINUTES = 60_000;

/** A gateway with a fault: what stands before the real one and spoils its answers. */
const spoiling = (spoil: (body: string) => string) => async (gatewayUrl: string) => {
  const { hostname, port } = new URL(gatewayUrl);
  const server = createServer((message, response) => {
    const onward = httpRequest({ hostname, port, method: 'POST', path: '/', headers: message.headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const { 'content-length': _, 'transfer-encoding': __, ...headers } = answer.headers;
        response.writeHead(answer.statusCode ?? 500, headers).end(spoil(Buffer.concat(chunks).toString('utf8')));
      });
    });
    message.pipe(onward);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
};

const few = CASES.filter((_, at) => at % 12 === 0);

describe('through the gateway', () => {
  it(
    'every case gets the answer of the store itself, in dual write, at half the read share, and target first',
    async () => {
      const { failures, passed } = await runTransparency({ stages: ['dual_write', 'shift_50', 'target_first'] });
      expect(failures).toEqual([]);
      expect(passed).toBe(3 * (CASES.length + 1));
    },
    5 * MINUTES,
  );

  it('a fault of a gateway is found: an answer written anew', async () => {
    const before = spoiling((body) => (body === '' ? body : JSON.stringify(JSON.parse(body), null, 1)));
    const { failures } = await runTransparency({ stages: ['source'], cases: few, before });
    expect(failures.length).toBeGreaterThan(few.length / 2);
  });

  it('a fault of a gateway is found: words of its own in place of those of the store', async () => {
    const before = spoiling((body) => body.replace('validation error', 'mistake'));
    const cases = CASES.filter(({ name }) => name.startsWith('word:'));
    const { failures } = await runTransparency({ stages: ['source'], cases, before });
    expect(failures.length).toBeGreaterThan(0);
  });
});
