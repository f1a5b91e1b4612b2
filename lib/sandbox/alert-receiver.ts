/**
 * Stands for the operator's pager in the demo: takes webhooks, checks their signature (`x-landfall-signature:
 * sha256=<hex HMAC of "<timestamp>.<body>">`, the timestamp in `x-landfall-timestamp`) and age, and keeps the last ones for whoever asks.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';

const KEPT_MAX = 200;
const BODY_BYTES_MAX = 64 * 1024;
/** An older alert may be one that somebody recorded and sends again. */
const AGE_S_MAX = 300;

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

const isSignedBy = (secret: string, body: Buffer, headers: IncomingHttpHeaders): boolean => {
  const timestamp = String(headers['x-landfall-timestamp'] ?? '');
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) < AGE_S_MAX)) return false;
  const hmac = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
  const expected = Buffer.from(`sha256=${hmac}`);
  const given = Buffer.from(String(headers['x-landfall-signature'] ?? ''));
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
      const isSigned = isSignedBy(options.secret, body, request.headers);
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
