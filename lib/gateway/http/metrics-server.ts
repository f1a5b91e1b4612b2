/**
 * `/metrics` on a listener of its own, on loopback unless told otherwise, and then by a token alone. Not on the port of
 * the traffic: whoever may call a table must not read how busy the others are, and a scrape must not stand behind a
 * queue of requests. It serves GET /metrics and nothing else.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Log } from '@/lib/adapters/ports';
import { createRegistry, type Measured } from '../metrics/registry';

/** Above the usual interval of a scraper, which else meets a socket that is being closed. */
const KEEP_ALIVE_MS = 75_000;

export interface MetricsPlace {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Demanded as `Authorization: Bearer …` where it is set; beyond loopback it must be. */
  token: string | null;
}

export interface MetricsOptions extends MetricsPlace {
  registry: Registry;
}

export interface MetricsServer {
  url: string;
  close(): void;
}

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** A port that is taken costs the numbers, not the traffic; an address open to all without a token costs the start. */
export async function startMetricsOf(
  measured: Measured,
  of: { metrics: MetricsPlace | undefined; log: Log },
): Promise<MetricsServer | null> {
  if (of.metrics === undefined) return null;
  const { host, port } = of.metrics;
  try {
    return await startMetrics({ ...of.metrics, registry: createRegistry(measured) });
  } catch (error) {
    if ((error as { code?: unknown }).code === undefined) throw error;
    of.log.error({ error, host, port }, 'Nothing listens for /metrics: set LANDFALL_METRICS_PORT to a free port');
    return null;
  }
}

/** @throws where the port is taken, or where it would be open to others without a token. */
export async function startMetrics(options: MetricsOptions): Promise<MetricsServer> {
  const { host, token, registry } = options;
  if (token === null && !isLoopback(host)) {
    throw new Error('Metrics listen beyond loopback only with a token: set LANDFALL_METRICS_TOKEN');
  }
  const server = createServer(
    { maxHeaderSize: 8_192, keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: 5_000, requestTimeout: 5_000 },
    (request, response) => {
      request.resume();
      const plain = (status: number, text: string) =>
        response
          .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
          .end(text);
      if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics')
        return void plain(404, 'GET /metrics\n');
      if (token !== null && !isTold(request, token)) return void plain(401, 'a bearer token is wanted\n');
      void registry.metrics().then(
        (text) =>
          response.writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' }).end(text),
        () => plain(500, 'the metrics could not be read\n'),
      );
    },
  );
  server.maxConnections = 20;
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(options.port, host, done);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/metrics`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function isTold(request: IncomingMessage, token: string): boolean {
  const said = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return said.length === wanted.length && timingSafeEqual(said, wanted);
}
