import { type Endpoint, type PoolRequest, type SocketOwner, StoreSocket } from './store-socket';
import { WaitingLine } from './waiting-line';

export const CONNECT_TIMEOUT_MS = 5_000;
/** Below the 5 s after which Node's servers close an idle socket: a reset on reuse makes a write's outcome unknown. */
export const IDLE_SOCKET_MS = 3_000;
/** Longest idle time that a server's own keep-alive hint may grant. */
export const IDLE_SOCKET_MS_MAX = 30_000;
/** Requests that wait for a connection. */
export const WAITING_MAX = 10_000;
/** How often idle connections are looked through. */
const SWEEP_MS = 1_000;

export interface PoolOptions {
  endpoint: Endpoint;
  connectionsMax: number;
  answerBytesMax: number;
  idleMs?: number;
}

/**
 * The connections of one process to one store. A request takes an idle one, the latest used first, or waits in its turn
 * for one to be opened or given back. A connection given back rests until the loop has asked for news once more, so that
 * a server that closed it with its answer is noticed before the next request goes out on it.
 */
export class SocketPool implements SocketOwner {
  readonly #sockets = new Set<StoreSocket>();
  readonly #idle: StoreSocket[] = [];
  /** Given back in this turn of the loop, and in the one before. */
  #fresh: StoreSocket[] = [];
  #resting: StoreSocket[] = [];
  readonly #waiting = new WaitingLine<PoolRequest>();
  #connecting = 0;
  #session: Buffer | null = null;
  #isClosed = false;
  #onEmpty: () => void = () => {};
  #sweep: NodeJS.Timeout | undefined;

  readonly #idleMs: number;

  constructor(private readonly options: PoolOptions) {
    this.#idleMs = options.idleMs ?? IDLE_SOCKET_MS;
  }

  /** Starts the request now or when its turn has come; false where too many wait or the pool is closed. */
  take(request: PoolRequest): boolean {
    if (this.#isClosed) return false;
    const socket = this.#waiting.size === 0 ? this.#takeIdle() : undefined;
    if (socket !== undefined) {
      socket.wake();
      if (!request.start(socket)) this.#give(socket, socket.idleUntilMs);
      return true;
    }
    if (this.#waiting.size >= WAITING_MAX) return false;
    this.#waiting.join(request);
    this.#grow();
    return true;
  }

  /** The request is over before it had a connection. */
  forget(request: PoolRequest): void {
    this.#waiting.leave(request);
    this.#maybeEmpty();
  }

  /** Takes nothing new; resolves when what was taken has ended. */
  close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweep);
    for (const socket of this.#idle.splice(0)) socket.abandon();
    if (this.#waiting.size === 0) for (const socket of this.#sockets) if (!socket.isReady) socket.abandon();
    return new Promise((done) => {
      this.#onEmpty = done;
      this.#maybeEmpty();
    });
  }

  onReady(socket: StoreSocket): void {
    this.#connecting -= 1;
    this.#give(socket, null);
  }

  onFree(socket: StoreSocket, idleHintMs: number | null): void {
    const idleMs = Math.min(idleHintMs ?? this.#idleMs, IDLE_SOCKET_MS_MAX);
    socket.idleUntilMs = performance.now() + idleMs;
    this.#fresh.push(socket);
    if (this.#fresh.length + this.#resting.length === 1) setImmediate(this.#onTurn);
  }

  onGone(socket: StoreSocket, code: string): void {
    this.#sockets.delete(socket);
    const at = this.#idle.indexOf(socket);
    if (at !== -1) this.#idle.splice(at, 1);
    if (!socket.isReady) {
      this.#connecting -= 1;
      const first = this.#firstWaiting();
      first?.failed(code);
    }
    this.#grow();
    this.#maybeEmpty();
  }

  onSession(session: Buffer): void {
    this.#session = session;
  }

  /** The fresh ones see one poll for news before it is their turn. */
  readonly #onTurn = (): void => {
    const rested = this.#resting;
    this.#resting = this.#fresh;
    this.#fresh = [];
    for (const socket of rested) if (!socket.isGone) this.#give(socket, socket.idleUntilMs);
    if (this.#resting.length > 0) setImmediate(this.#onTurn);
    // Some were counted on and are gone.
    this.#grow();
    this.#maybeEmpty();
  };

  /** To whoever waits longest, else to rest among the idle. */
  #give(socket: StoreSocket, idleUntilMs: number | null): void {
    for (let first = this.#firstWaiting(); first !== null; first = this.#firstWaiting()) {
      if (first.start(socket)) return;
    }
    if (this.#isClosed) {
      socket.abandon();
      return;
    }
    socket.idleUntilMs = idleUntilMs ?? performance.now() + this.#idleMs;
    this.#idle.push(socket);
    this.#sweep ??= setInterval(() => this.#dropExpired(), Math.min(SWEEP_MS, this.#idleMs)).unref();
  }

  #firstWaiting(): PoolRequest | null {
    let first = this.#waiting.next();
    while (first?.isOver) first = this.#waiting.next();
    return first;
  }

  #takeIdle(): StoreSocket | undefined {
    // Those that expire first are not always at the front, since servers' hints differ; this one must not be expired.
    for (let socket = this.#idle.pop(); socket !== undefined; socket = this.#idle.pop()) {
      if (socket.idleUntilMs > performance.now()) return socket;
      socket.abandon();
    }
    return undefined;
  }

  /** One connection for each that waits, up to the cap. */
  #grow(): void {
    const { endpoint, connectionsMax, answerBytesMax } = this.options;
    const soonFree = this.#fresh.length + this.#resting.length;
    while (this.#connecting + soonFree < this.#waiting.size && this.#sockets.size < connectionsMax) {
      this.#connecting += 1;
      this.#sockets.add(
        new StoreSocket({
          endpoint,
          owner: this,
          session: this.#session,
          answerBytesMax,
          connectTimeoutMs: CONNECT_TIMEOUT_MS,
        }),
      );
    }
  }

  #dropExpired(): void {
    const now = performance.now();
    for (const socket of this.#idle.filter((one) => one.idleUntilMs <= now)) socket.abandon();
    // Here and not at each return: under load a connection is idle for less than it costs to let go of and to hold.
    for (const socket of this.#idle) socket.rest();
    if (this.#idle.length > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #maybeEmpty(): void {
    if (this.#isClosed && this.#sockets.size === 0 && this.#waiting.size === 0) this.#onEmpty();
  }
}
