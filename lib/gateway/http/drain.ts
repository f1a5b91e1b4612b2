/**
 * How a server ends without a client seeing a reset. HTTP/1.1 cannot tell an idle client that its socket is about to be
 * closed: a request may be on its way when the server closes, and then it is lost. So nothing is closed while it can be
 * avoided. While the notice runs, the server says at `/ready` that it ends but goes on accepting and serving, and each
 * answer carries `connection: close`: a socket that is used ends by its own answer, and the client opens the next one,
 * which by then the balancer sends elsewhere. Connections that wait in the kernel's queue when a listening socket closes
 * are reset, and nothing in Node empties that queue, so it closes only once nobody comes any more. What is left are sockets that nobody used for the whole notice; they are
 * closed one by one when they have been quiet, and a client that wakes one in that very instant repeats on another.
 */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import { Server, type Socket } from 'node:net';

/** A socket is left alone until it was idle for this long, where there is a notice at all. */
const QUIET_MS = 1_000;
const LOOK_MS = 20;
/** The listening socket stays open after the notice until no connection has come for a while, at most this long. */
const ACCEPT_MS_MAX = 3_000;
const NO_CONNECTION_MS = 200;

interface Known {
  /** Answers that are not out yet. */
  open: Set<ServerResponse>;
  /** Monotonic time at which it was last of use. */
  usedAtMs: number;
  bytesRead: number;
}

export class Drain {
  readonly #sockets = new Map<Socket, Known>();
  isStopping = false;
  #connectedAtMs = 0;

  constructor(private readonly server: HttpServer) {
    server.on('connection', (socket: Socket) => {
      this.#connectedAtMs = performance.now();
      this.#sockets.set(socket, { open: new Set(), usedAtMs: performance.now(), bytesRead: 0 });
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** A request has come; its socket is of use until the answer is out. */
  begin(message: IncomingMessage, response: ServerResponse): void {
    const known = this.#sockets.get(message.socket);
    if (known === undefined) return;
    known.open.add(response);
    // Its answer says `connection: close`, and the client opens no further request on this socket.
    if (this.isStopping) response.shouldKeepAlive = false;
    response.once('close', () => {
      known.open.delete(response);
      known.usedAtMs = performance.now();
      known.bytesRead = message.socket.bytesRead;
    });
  }

  /** Resolves when no connection is left. The caller bounds the wait and destroys what remains. */
  async stop(noticeMs: number): Promise<void> {
    this.isStopping = true;
    for (const { open } of this.#sockets.values()) for (const response of open) response.shouldKeepAlive = false;
    if (noticeMs > 0) {
      await rest(noticeMs);
      const untilMs = performance.now() + ACCEPT_MS_MAX;
      const isQuietAt = (nowMs: number) => nowMs - this.#connectedAtMs > NO_CONNECTION_MS || nowMs > untilMs;
      while (!isQuietAt(performance.now())) await rest(LOOK_MS);
    }
    // Not http's own close: it would end idle connections at once.
    const closed = new Promise<void>((done) => Server.prototype.close.call(this.server, () => done()));
    const quietMs = Math.min(noticeMs, QUIET_MS);
    while (this.#sockets.size > 0) {
      for (const [socket, known] of this.#sockets) if (isQuiet(socket, known, quietMs)) socket.end();
      await rest(LOOK_MS);
    }
    await closed;
  }
}

/** A socket on which something has begun to come is of use, though no request stands there yet. */
const isQuiet = (socket: Socket, { open, usedAtMs, bytesRead }: Known, quietMs: number): boolean =>
  open.size === 0 && socket.bytesRead === bytesRead && performance.now() - usedAtMs >= quietMs;

const rest = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
