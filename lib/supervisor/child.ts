/**
 * One child process: started, waited for until it serves, started again with growing pauses when it dies, given up
 * when it dies five times a minute. Its output goes to a file of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectDir } from './data-dir';

const READY_MS_MAX = 90_000;
const STOP_MS_MAX = 20_000;
const CRASHES_MAX = 5;
const CRASH_WINDOW_MS = 60_000;
const PAUSE_MS_MIN = 200;
const PAUSE_MS_MAX = 5_000;
const TAIL_CHARS_MAX = 1_500;
const PROBE_EVERY_MS = 50;

export interface ChildSpec {
  name: string;
  /** Arguments of node; TypeScript entries are run through tsx. */
  args: string[];
  environment: NodeJS.ProcessEnv;
  /** One JSON line on its standard input, for options that hold secrets. */
  input?: object;
  /** `line`: it prints `{"ready":true,…}`. A URL: it answers 200 there. */
  ready: 'line' | string;
}
export interface ChildEvents {
  /** It ended, as nobody had asked; `pid` is that of the process that ended. */
  crashed(pid: number, how: string): void;
  /** It ended too often; it is not started again, unless `againIn` is called. */
  gaveUp(tail: string): void;
  started(pid: number): void;
}

export class ManagedChild {
  #process: ChildProcess | null = null;
  #log: WriteStream | null = null;
  #isStopping = false;
  #crashes: number[] = [];
  #timer: NodeJS.Timeout | null = null;
  /** What its ready line said, e.g. the port that it took. */
  readyFields: Record<string, unknown> = {};

  constructor(
    readonly spec: ChildSpec,
    private readonly logDir: string,
    private readonly events: ChildEvents,
  ) {}

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** Resolves when it serves. Rejects, with the end of its log, when it is given up or is not ready in time. */
  async start(): Promise<void> {
    mkdirSync(this.logDir, { recursive: true });
    this.#log = createWriteStream(join(this.logDir, `${this.spec.name}.log`), { flags: 'a' });
    await new Promise<void>((done, fail) => {
      const late = setTimeout(() => {
        fail(
          new Error(
            `${this.spec.name} was not ready within ${READY_MS_MAX / 1000} s. The end of its log:\n${this.tail()}`,
          ),
        );
      }, READY_MS_MAX);
      this.#launch({
        ready: () => {
          clearTimeout(late);
          done();
        },
        gaveUp: (tail) => {
          clearTimeout(late);
          fail(new Error(`${this.spec.name} ended ${CRASHES_MAX} times within a minute. The end of its log:\n${tail}`));
        },
      });
    });
  }

  #launch(first: { ready: () => void; gaveUp: (tail: string) => void }): void {
    const { args, environment, input, ready } = this.spec;
    const child = spawn(process.execPath, args, {
      cwd: projectDir,
      env: environment,
      // Its own group: Ctrl-C reaches the supervisor alone, which stops its children in order.
      detached: true,
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    if (child.pid) this.events.started(child.pid);
    if (input) child.stdin?.end(`${JSON.stringify(input)}\n`);
    child.stderr?.pipe(this.#log!, { end: false });
    const lines = createInterface({ input: child.stdout! });
    lines.on('line', (line) => {
      this.#log?.write(`${line}\n`);
      if (ready === 'line' && line.startsWith('{"ready":true')) {
        this.readyFields = JSON.parse(line) as Record<string, unknown>;
        first.ready();
      }
    });
    if (ready !== 'line') void this.#probe(child, ready, first.ready);
    child.once('exit', (code, signal) => this.#ended(child.pid ?? 0, signal ?? `code ${code}`, first));
    child.once('error', () => {});
  }

  async #probe(child: ChildProcess, url: string, ready: () => void): Promise<void> {
    while (child.exitCode === null && child.signalCode === null) {
      const isUp = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
        (answer) => answer.ok,
        () => false,
      );
      if (isUp) return ready();
      await new Promise((done) => setTimeout(done, PROBE_EVERY_MS));
    }
  }

  #ended(pid: number, how: string, first: { ready: () => void; gaveUp: (tail: string) => void }): void {
    this.#process = null;
    if (this.#isStopping) return;
    const nowMs = performance.now();
    this.#crashes = [...this.#crashes.filter((atMs) => nowMs - atMs < CRASH_WINDOW_MS), nowMs];
    this.events.crashed(pid, how);
    if (this.#crashes.length >= CRASHES_MAX) {
      const tail = this.tail();
      first.gaveUp(tail);
      this.events.gaveUp(tail);
      return;
    }
    const pauseMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** (this.#crashes.length - 1));
    this.#timer = setTimeout(() => this.#launch(first), pauseMs);
  }

  /** After it was given up: starts it once more in a while, and counts its crashes anew. */
  againIn(ms: number): void {
    if (this.#isStopping) return;
    this.#crashes = [];
    this.#timer = setTimeout(() => this.#launch({ ready: () => {}, gaveUp: () => {} }), ms);
  }

  tail(): string {
    try {
      return readFileSync(join(this.logDir, `${this.spec.name}.log`), 'utf8')
        .slice(-TAIL_CHARS_MAX)
        .trim();
    } catch {
      return '(no log)';
    }
  }

  /** Asks it to end and waits; after twenty seconds it is killed. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer) clearTimeout(this.#timer);
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise<void>((done) => child.once('exit', () => done()));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
      await ended;
      clearTimeout(timer);
    }
    this.#log?.end();
  }

  /** At once and without a goodbye. */
  kill(): void {
    this.#isStopping = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#process?.kill('SIGKILL');
  }
}

/**
 * Node's arguments of a worker. What a copy needs at a time is bounded; by itself Node lets what is done with lie about in
 * proportion to the machine's memory: 266 MB after a million items, where these bounds made it 173 (lib/bench/results/scale.md).
 * `npm run worker` says the same.
 */
export const WORKER_NODE_ARGS: readonly string[] = ['--max-semi-space-size=8', '--max-old-space-size=512'];

/**
 * For a gateway, in MB. Node begins with less for what has just been made and enlarges it under load; of a request nothing
 * lives on, so a gateway has from its start what it would come to. `npm run gateway` says the same.
 */
export const GATEWAY_NODE_ARGS: readonly string[] = ['--min-semi-space-size=16'];

/** Arguments that run a TypeScript file in the very process that is spawned, so that its pid is the child's. */
export const tsx = (file: string): string[] => ['--import', 'tsx', join(projectDir, file)];
