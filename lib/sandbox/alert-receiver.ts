/**
 * Stands for the operator's pager in the demo: takes webhooks, checks their signature over the raw body
 * (`x-landfall-signature: sha256=<hex HMAC>`) and keeps the last ones for whoever asks.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const KEPT_MAX = 200;
const BODY_BYTES_MAX = 64 * 1024;

export interface ReceivedAlert {
  at: string;
  isSigned: boolean;
  body: unknown;
}
export interface AlertReceiver {
  url: string;
  received: ReceivedAlert[];
  close(): Promise<void>;
}

const isSignedBy = (secret: string, body: Buffer, header: string): boolean => {
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const given = Buffer.from(header);
  return expected.length === given.length && timingSafeEqual(expected, given);
};

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
};

/** 204 for a signed alert, 401 for any other: a test alert that is not delivered must look so. */
export async function startAlertReceiver(options: { port: number; secret: string }): Promise<AlertReceiver> {
  const received: ReceivedAlert[] = [];
  const server = createServer((request, response) => {
    const serve = async () => {
      if (request.method === 'GET') {
        const body = request.url === '/health' ? { ok: true } : { received };
        return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      }
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of request) {
        bytes += (chunk as Buffer).length;
        if (bytes > BODY_BYTES_MAX) return void response.writeHead(413).end();
        chunks.push(chunk as Buffer);
      }
      const body = Buffer.concat(chunks);
      const isSigned = isSignedBy(options.secret, body, String(request.headers['x-landfall-signature'] ?? ''));
      received.push({ at: new Date().toISOString(), isSigned, body: parsed(body) });
      if (received.length > KEPT_MAX) received.shift();
      response.writeHead(isSigned ? 204 : 401).end();
    };
    serve().catch(() => response.destroy());
  });
  await new Promise<void>((done, fail) => server.once('error', fail).listen(options.port, '127.0.0.1', () => done()));
  const { port } = server.address() as { port: number };
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}/alerts`, received, close };
}
