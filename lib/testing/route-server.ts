/** Route handlers of the web process behind a thin HTTP server: the handlers are the real ones, the build is not needed. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

type Handler = (request: Request, segment: { params: Promise<Record<string, string>> }) => Response | Promise<Response>;
export interface Route {
  /** e.g. `/ofrep/v1/evaluate/flags/:key`; a name is one segment. */
  path: string;
  handlers: Partial<
    Record<'GET' | 'POST' | 'OPTIONS', (request: Request, segment: never) => Response | Promise<Response>>
  >;
}

export async function startRouteServer(routes: readonly Route[]): Promise<{ url: string; stop(): Promise<void> }> {
  const known = routes.map((route) => ({
    handlers: route.handlers,
    pattern: new RegExp(`^${route.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`),
  }));
  const server = createServer((message, response) => {
    void serve(message, response).catch(() => response.destroy());
  });
  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(message.url ?? '/', `http://${message.headers.host}`);
    const found = known.map((one) => ({ one, match: one.pattern.exec(url.pathname) })).find(({ match }) => match);
    const handler = found?.one.handlers[message.method as 'GET'] as Handler | undefined;
    if (!handler) {
      response.writeHead(found ? 405 : 404).end();
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const hasBody = message.method === 'POST';
    const request = new Request(url, {
      method: message.method,
      headers: Object.entries(message.headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)] as [string, string]],
      ),
      body: hasBody ? (Readable.toWeb(message) as ReadableStream) : undefined,
      signal: gone.signal,
      ...(hasBody ? { duplex: 'half' } : {}),
    } as RequestInit);
    const params = Object.entries(found?.match?.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    const answer = await handler(request, { params: Promise.resolve(Object.fromEntries(params)) });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.flushHeaders();
    if (answer.body === null) response.end();
    else
      Readable.fromWeb(answer.body as never)
        .on('error', () => response.destroy())
        .pipe(response);
  }
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}
