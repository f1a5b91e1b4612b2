/**
 * How a server ends without a client seeing a reset. HTTP/1.1 cannot tell an idle client that its socket is about to be
 * closed: a request may be on its way when the server closes, and then it is lost. So nothing is closed while it can be
 * avoided. While the notice runs, the server says at `/ready` that it ends but goes on accepting and serving, and each
 * answer carries `connection: close`: a socket that is used ends by its own answer, and the client opens the next one,
 * which by then the balancer sends elsewhere. Connections that wait in the kernel's queue when a listening socket closes
 * are reset, and nothing in Node empties that queue, so it closes only once nobody comes any more. What is left are sockets that nobody used for the whole notice; they are
 * closed one by one when they have been quiet, and a client that wakes one in that very instant repeats on another.
 */
import type { Server } from 'node:net';
import type { Connection } from './connection';

/** A socket is left alone until it was idle for this long, where there is a notice at all. */
const QUIET_MS = 1_000;
const LOOK_MS = 20;
/** The listening socket stays open after the notice until no connection has come for a while, at most this long. */
const ACCEPT_MS_MAX = 3_000;
const NO_CONNECTION_MS = 200;

export class Drain {
  isStopping = false;
  #connectedAtMs = 0;

  constructor(
    private readonly server: Server,
    private readonly connections: ReadonlySet<Connection>,
  ) {}

  connected(): void {
    this.#connectedAtMs = performance.now();
  }

  /** Resolves when no connection is left. The caller bounds the wait and destroys what remains. */
  async stop(noticeMs: number): Promise<void> {
    this.isStopping = true;
    if (noticeMs > 0) {
      await rest(noticeMs);
      const untilMs = performance.now() + ACCEPT_MS_MAX;
      const isQuietAt = (nowMs: number) => nowMs - this.#connectedAtMs > NO_CONNECTION_MS || nowMs > untilMs;
      while (!isQuietAt(performance.now())) await rest(LOOK_MS);
    }
    const closed = new Promise<void>((done) => this.server.close(() => done()));
    const quietMs = Math.min(noticeMs, QUIET_MS);
    while (this.connections.size > 0) {
      const nowMs = performance.now();
      for (const one of this.connections) if (!one.isBusy && nowMs - one.usedAtMs >= quietMs) one.end();
      await rest(LOOK_MS);
    }
    await closed;
  }
}

const rest = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
