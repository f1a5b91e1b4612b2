/**
 * A proxy in front of a store. It plays the faults of `lib/sandbox/faults.ts`, and it can hold a request at a point
 * (before it reaches the store, or after the store answered) until the test lets it go: interleavings are scripted,
 * never hoped for.
 */
import { Agent, createServer, type IncomingMessage, request as send } from 'node:http';
import { type Answer, serveWithFault } from '@/lib/sandbox/fault-http';
import { FaultBook } from '@/lib/sandbox/faults';

export interface Match {
  operations?: string[];
  bodyIncludes?: string;
}
export interface Hold {
  /** Resolves when the first request stands at the point. */
  reached: Promise<void>;
  /** Requests that stand there now. */
  waiting(): number;
  /** Lets go of those that wait and of all that come. */
  release(): void;
}
export interface SeenRequest {
  operation: string;
  body: string;
}
export interface FaultProxy {
  endpoint: string;
  faults: FaultBook;
  /** Every request in the order of arrival. */
  seen: SeenRequest[];
  hold(point: 'before' | 'after', match?: Match): Hold;
  close(): Promise<void>;
}

interface Gate {
  point: 'before' | 'after';
  match: Match;
  pass(): Promise<void>;
}

const operationOf = (request: IncomingMessage) =>
  String(request.headers['x-amz-target'] ?? '')
    .split('.')
    .at(-1) ?? '';
const isMatch = (match: Match, { operation, body }: SeenRequest) =>
  (!match.operations || match.operations.includes(operation)) &&
  (match.bodyIncludes === undefined || body.includes(match.bodyIncludes));

function makeGate(point: Gate['point'], match: Match): { gate: Gate; hold: Hold } {
  let open = () => {};
  let arrive = () => {};
  let waiting = 0;
  const opened = new Promise<void>((done) => {
    open = done;
  });
  const reached = new Promise<void>((done) => {
    arrive = done;
  });
  const pass = async () => {
    waiting += 1;
    arrive();
    await opened;
    waiting -= 1;
  };
  return { gate: { point, match, pass }, hold: { reached, waiting: () => waiting, release: open } };
}

/** Sends the bytes on as they came, the Host header too, because the signature covers it. */
function forwarder(upstream: string) {
  const { hostname, port } = new URL(upstream);
  const agent = new Agent({ keepAlive: true });
  const forward = (request: IncomingMessage, body: string): Promise<Answer> =>
    new Promise((done, fail) => {
      const headers = { ...request.headers, 'content-length': String(Buffer.byteLength(body)) };
      const outgoing = send(
        { agent, hostname, port, method: request.method, path: request.url, headers },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', fail);
          incoming.on('end', () => {
            const { 'transfer-encoding': _, connection: __, ...kept } = incoming.headers;
            done({
              status: incoming.statusCode ?? 502,
              headers: kept as Answer['headers'],
              body: Buffer.concat(chunks),
            });
          });
        },
      );
      outgoing.on('error', fail);
      outgoing.end(body);
    });
  return { forward, close: () => agent.destroy() };
}

export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const faults = new FaultBook();
  const seen: SeenRequest[] = [];
  const gates: Gate[] = [];
  const { forward, close: closeForwarder } = forwarder(upstream);
  const passGates = async (point: Gate['point'], what: SeenRequest) => {
    for (const gate of gates) if (gate.point === point && isMatch(gate.match, what)) await gate.pass();
  };
  const server = createServer((request, response) => {
    const serve = async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString('utf8');
      const what = { operation: operationOf(request), body };
      seen.push(what);
      const fault = faults.take(what.operation, body);
      const apply = async (text: string) => {
        await passGates('before', what);
        const answer = await forward(request, text);
        await passGates('after', what);
        return answer;
      };
      await serveWithFault(fault, { request, response, operation: what.operation, body, apply });
    };
    serve().catch(() => response.destroy());
  });
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    faults,
    seen,
    hold: (point, match = {}) => {
      const { gate, hold } = makeGate(point, match);
      gates.push(gate);
      const release = () => {
        const at = gates.indexOf(gate);
        if (at >= 0) gates.splice(at, 1);
        hold.release();
      };
      return { ...hold, release };
    },
    close: () =>
      new Promise((done) => {
        closeForwarder();
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
