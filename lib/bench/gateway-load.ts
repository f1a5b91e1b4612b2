/**
 * The load of the gateway bench, on bare sockets: signed requests are made before the clock starts, so that what is
 * measured is who answers. Each message asks for one run and is answered with its figures.
 */
import { connect, type Socket } from 'node:net';
import { createRequestSigner } from '@/lib/adapters/dynamodb/sign';
import { itemOf, type LoadAsked, type LoadDone } from './gateway-asked';

const KEYS = 1_000;
/** Longest answer that this load expects. */
const ANSWER_BYTES_MAX = 64 * 1024;

function messages(asked: LoadAsked): Buffer[] {
  const sign = createRequestSigner({
    path: '/',
    host: `127.0.0.1:${asked.port}`,
    contentType: 'application/x-amz-json-1.0',
    credentials: asked.credentials,
    region: 'eu-central-1',
    service: 'dynamodb',
  });
  const { operation, table, run, padBytes } = asked;
  return Array.from({ length: KEYS }, (_, at) => {
    const Item = itemOf(at, run, padBytes);
    const body = JSON.stringify(
      operation === 'GetItem' ? { TableName: table, Key: { pk: Item.pk } } : { TableName: table, Item },
    );
    const head = sign({ target: `DynamoDB_20120810.${operation}`, body, nowMs: Date.now() });
    return Buffer.from(head + body);
  });
}

/** One kept connection with at most one request on it. */
class Line {
  readonly #socket: Socket;
  #left = 0;
  #stash: Buffer | null = null;
  #done: ((isOk: boolean) => void) | null = null;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk) => this.#onData(chunk));
    this.#socket.on('error', () => this.#end(false));
    this.#socket.on('close', () => this.#end(false));
  }

  send(message: Buffer, done: (isOk: boolean) => void): void {
    this.#done = done;
    this.#socket.write(message);
  }

  destroy(): void {
    this.#done = null;
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    if (this.#left > 0) {
      this.#left -= chunk.length;
      if (this.#left <= 0) this.#end(true);
      return;
    }
    const bytes: Buffer = this.#stash === null ? chunk : Buffer.concat([this.#stash, chunk]);
    const end = bytes.indexOf('\r\n\r\n');
    if (end === -1 && bytes.length < ANSWER_BYTES_MAX) {
      this.#stash = bytes;
      return;
    }
    this.#stash = null;
    const head = bytes.toString('latin1', 0, end);
    const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (!head.startsWith('HTTP/1.1 200')) {
      if (process.env.BENCH_DEBUG) process.stderr.write(`${bytes.toString('latin1')}\n`);
      this.#end(false);
      return;
    }
    this.#left = end + 4 + length - bytes.length;
    if (this.#left <= 0) this.#end(true);
  }

  #end(isOk: boolean): void {
    const done = this.#done;
    this.#done = null;
    done?.(isOk);
  }
}

async function run(asked: LoadAsked): Promise<LoadDone> {
  const all = messages(asked);
  const lines = Array.from({ length: asked.connections }, () => new Line(asked.port));
  const latencies: number[] = [];
  let next = 0;
  let errors = 0;
  const startedAt = performance.now();
  const endsAt = startedAt + asked.ms;
  const once = (line: Line, sinceMs: number): Promise<void> =>
    new Promise((done) => {
      line.send(all[next % KEYS] as Buffer, (isOk) => {
        if (isOk) latencies.push(performance.now() - sinceMs);
        else errors += 1;
        done();
      });
      next += 1;
    });
  if (asked.rate === null) {
    await Promise.all(
      lines.map(async (line) => {
        while (performance.now() < endsAt && errors < 100) await once(line, performance.now());
      }),
    );
  } else {
    await paced(lines, { everyMs: 1_000 / asked.rate, endsAt, once });
  }
  const wallMs = performance.now() - startedAt;
  for (const line of lines) line.destroy();
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { requests: latencies.length, errors, wallMs, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/**
 * Requests leave on time whether or not the ones before are answered; waiting for a free line counts as latency. A timer
 * wakes this process each millisecond and what fell due meanwhile leaves at once, dated from then: how late a timer is
 * says nothing of who answers. To wait without a timer would keep the core busy that the store answers on.
 */
async function paced(
  lines: Line[],
  of: { everyMs: number; endsAt: number; once(line: Line, sinceMs: number): Promise<void> },
): Promise<void> {
  const free = [...lines];
  const due: number[] = [];
  const open = new Set<Promise<void>>();
  const pump = () => {
    while (due.length > 0 && free.length > 0) {
      const line = free.pop() as Line;
      const sent = of.once(line, due.shift() as number).then(() => {
        open.delete(sent);
        free.push(line);
        pump();
      });
      open.add(sent);
    }
  };
  let dueAt = performance.now();
  await new Promise<void>((done) => {
    const timer = setInterval(() => {
      const now = performance.now();
      for (; dueAt <= now; dueAt += of.everyMs) due.push(now);
      pump();
      if (now < of.endsAt) return;
      clearInterval(timer);
      done();
    }, 1);
  });
  await Promise.all(open);
}

process.on('message', (asked: LoadAsked) => {
  void run(asked).then((done) => process.send?.(done));
});
process.on('disconnect', () => process.exit(0));
