/** The sample application: two writer processes and a small status page for people and tests. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { WriterStats } from './application-writer';
import { readOptions } from './child-options';
import { announceReady, closeOnSignal } from './shutdown';

const WRITERS = ['a', 'b'] as const;
const ASK_EVERY_MS = 500;
const STOP_MS_MAX = 20_000;

const options = z.object({
  port: z.number().int(),
  endpoint: z.url(),
  region: z.string(),
  credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  logDir: z.string(),
  writesPerSecond: z.number().min(1).max(1_000),
  readsPerSecond: z.number().min(0).max(1_000),
});

interface Writer {
  name: string;
  child: ChildProcess;
  stats: WriterStats | null;
}

const none: WriterStats = {
  ...{ acked: 0, refused: 0, unknown: 0, reads: 0, readErrors: 0, wrongReads: 0 },
  ...{ slowestMs: 0, slowestLastMinuteMs: 0, lastError: null, isQuiet: false },
};

/** Sums of both writers; the slowest answer is the slower of the two. */
function total(writers: Writer[]) {
  return writers
    .map(({ stats }) => stats ?? none)
    .reduce((sum, next) => ({
      acked: sum.acked + next.acked,
      refused: sum.refused + next.refused,
      unknown: sum.unknown + next.unknown,
      reads: sum.reads + next.reads,
      readErrors: sum.readErrors + next.readErrors,
      wrongReads: sum.wrongReads + next.wrongReads,
      slowestMs: Math.max(sum.slowestMs, next.slowestMs),
      slowestLastMinuteMs: Math.max(sum.slowestLastMinuteMs, next.slowestLastMinuteMs),
      lastError: sum.lastError ?? next.lastError,
      isQuiet: sum.isQuiet && next.isQuiet,
    }));
}

async function end(writers: Writer[]): Promise<void> {
  const ended = writers.map(
    ({ child }) => new Promise<void>((done) => (child.exitCode === null ? child.once('exit', () => done()) : done())),
  );
  for (const { child } of writers) child.kill('SIGTERM');
  const timer = setTimeout(() => {
    for (const { child } of writers) child.kill('SIGKILL');
  }, STOP_MS_MAX);
  await Promise.all(ended);
  clearTimeout(timer);
}

async function main(): Promise<void> {
  const { port, logDir, ...given } = await readOptions(options);
  mkdirSync(logDir, { recursive: true });
  const run = Date.now().toString(36);
  const file = fileURLToPath(new URL('./application-writer-main.ts', import.meta.url));
  const writers: Writer[] = WRITERS.map((name) => {
    const writer: Writer = { name, child: fork(file, { execArgv: ['--import', 'tsx'] }), stats: null };
    writer.child.on('message', (message: { stats?: WriterStats }) => {
      if (message.stats) writer.stats = message.stats;
    });
    // A writer that dies ends the application: its supervisor starts both again, on fresh keys.
    writer.child.once('exit', (code) => {
      if (code !== 0) process.exit(1);
    });
    writer.child.send({ start: { ...given, logDir, run, writer: name } });
    return writer;
  });
  const asking = setInterval(() => {
    for (const { child } of writers) if (child.connected) child.send({ stats: true });
  }, ASK_EVERY_MS);
  const server = createServer((request, response) => {
    // A pause is for comparing the stores at rest; `isQuiet` says when nothing is under way any more.
    if (request.method === 'POST' && (request.url === '/pause' || request.url === '/resume'))
      for (const { child } of writers) child.send({ pause: request.url === '/pause' });
    const body =
      request.url === '/health'
        ? { ok: true }
        : { run, logDir, ...total(writers), writers: writers.map(({ name, stats }) => ({ name, ...stats })) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', () => done()));
  closeOnSignal(async () => {
    clearInterval(asking);
    server.close();
    server.closeAllConnections();
    await end(writers);
  });
  const address = server.address() as { port: number };
  announceReady({ endpoint: `http://127.0.0.1:${address.port}`, run });
}

await main();
