/** A worker as a child process, so that a test can kill it as an operating system would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { WorkerServices } from '@/lib/worker/context';
import { TEST_SEALING_KEY } from './plan-fixture';
import { waitFor } from './wait-for';

const projectDir = fileURLToPath(new URL('../..', import.meta.url));
const START_MS_MAX = 120_000;

export interface WorkerProcess {
  workerId: string;
  pid: number;
  /** SIGKILL by pid; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Continues or freezes it: SIGCONT, SIGSTOP. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  stderr(): string;
}

export async function spawnWorker(options: {
  databaseUrl: string;
  environment?: Record<string, string>;
}): Promise<WorkerProcess> {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', 'lib/worker/main.ts'], {
    cwd: projectDir,
    env: {
      ...process.env,
      NODE_ENV: 'test',
      DATABASE_URL: options.databaseUrl,
      LANDFALL_SEALING_KEY: TEST_SEALING_KEY,
      LANDFALL_LOG_LEVEL: 'warn',
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A run that fails leaves nothing behind.
  const leave = () => void child.kill('SIGKILL');
  process.once('exit', leave);
  child.once('exit', () => process.off('exit', leave));
  let said = '';
  let ready: { workerId: string; pid: number } | null = null;
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{"ready":true')) ready = JSON.parse(line);
    });
  }
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const { workerId, pid } = await waitFor<{ workerId: string; pid: number }>(
    () => {
      if (child.exitCode !== null) throw new Error(`the worker ended: ${said}`);
      return ready as { workerId: string; pid: number };
    },
    { what: 'the worker to be ready', timeoutMs: START_MS_MAX },
  );
  return {
    workerId,
    pid,
    kill: async () => {
      process.kill(pid, 'SIGKILL');
      await exited;
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) process.kill(pid, 'SIGTERM');
      return await exited;
    },
    signal: (name) => process.kill(pid, name),
    stderr: () => said,
  };
}

/** Services for a worker that is tested without the moves of a plan; a test gives those that it looks at. */
export const servicesWith = (given: Partial<WorkerServices> = {}): WorkerServices => ({
  completeBackfill: async () => {},
  verificationEnded: async () => {},
  runFence: async () => {},
  reapFences: async () => null,
  passBarriers: async () => {},
  proveChannels: async () => {},
  streamLost: async () => {},
  guard: async () => {},
  pollExports: async () => {},
  care: async () => {},
  ...given,
});
