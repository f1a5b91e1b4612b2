/**
 * How a server ends without a client seeing a reset. HTTP/1.1 cannot tell an idle client that its socket is about to be
 * closed: a request may be on its way when the server closes, and then it is lost. So nothing is closed while it can be
 * avoided. While the notice runs, the server says at `/ready` that it ends but goes on accepting and serving, and each
 * answer carries `connection: close`: a socket that is used ends by its own answer, and the client opens the next one,
 * which by then the balancer sends elsewhere.
 *
 * Connections that wait in the kernel's queue when a listening socket closes are reset, and nothing in Node says how many
 * wait. So it closes only once nobody comes any more, and then in the turn of the event loop in which the queue was just
 * emptied: what is left is the time from there to the call, some microseconds. What is left then are sockets that nobody
 * used for the whole notice; they are closed one by one when they have been quiet, each after everything that has come in
 * was read, and what a client sends in that very instant is not carried out.
 */
import type { Server } from 'node:net';
import type { Connection } from './connection';

/** A socket is left alone until it was idle for this long, where there is a notice at all. */
const QUIET_MS = 1_000;
const LOOK_MS = 20;
/** The listening socket stays open after the notice until no connection has come for a while, at most this long. */
const ACCEPT_MS_MAX = 3_000;
const NO_CONNECTION_MS = 200;
/** Clients that never stop coming do not keep it open for ever. */
const CLOSE_TURNS_MAX = 1_000;

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
    const closed = await this.#close();
    const quietMs = Math.min(noticeMs, QUIET_MS);
    while (this.connections.size > 0) {
      await allRead();
      const nowMs = performance.now();
      for (const one of this.connections) if (!one.isBusy && nowMs - one.usedAtMs >= quietMs) one.end();
      await rest(LOOK_MS);
    }
    await closed.ended;
  }

  /** Begins to close, in a turn in which no connection came. */
  async #close(): Promise<{ ended: Promise<void> }> {
    for (let turn = 0; turn < CLOSE_TURNS_MAX; turn += 1) {
      const before = this.#connectedAtMs;
      await allRead();
      if (this.#connectedAtMs === before) break;
    }
    return { ended: new Promise<void>((done) => this.server.close(() => done())) };
  }
}

/** Behind the phase of the event loop in which sockets are read and connections accepted, all that wait. */
const allRead = (): Promise<void> => new Promise((done) => setImmediate(done));

const rest = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
