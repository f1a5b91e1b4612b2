/** A gateway as a child process, so that a test can kill it as an operating system would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { GATEWAY_NODE_ARGS, tsx } from '@/lib/supervisor/child';
import { TEST_SEALING_KEY } from './plan-fixture';
import { waitFor } from './wait-for';

const projectDir = fileURLToPath(new URL('../..', import.meta.url));
const START_MS_MAX = 120_000;

export interface GatewayProcess {
  identity: string;
  gatewayId: string;
  url: string;
  pid: number;
  /** SIGKILL by pid; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Resolves when it serves. A given `port` lets a restart take the address of the process before it. */
export async function spawnGateway(options: {
  databaseUrl: string;
  connection: string;
  identity: string;
  dataDir: string;
  port?: number;
}): Promise<GatewayProcess> {
  const child: ChildProcess = spawn(process.execPath, [...GATEWAY_NODE_ARGS, ...tsx('lib/gateway/main.ts')], {
    cwd: projectDir,
    env: {
      ...process.env,
      NODE_ENV: 'test',
      DATABASE_URL: options.databaseUrl,
      LANDFALL_SEALING_KEY: TEST_SEALING_KEY,
      LANDFALL_GATEWAY_CONNECTION: options.connection,
      LANDFALL_GATEWAY_IDENTITY: options.identity,
      LANDFALL_GATEWAY_PORT: String(options.port ?? 0),
      LANDFALL_DATA_DIR: options.dataDir,
      LANDFALL_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A run that fails leaves nothing behind.
  const leave = () => void child.kill('SIGKILL');
  process.once('exit', leave);
  child.once('exit', () => process.off('exit', leave));
  let said = '';
  let ready: { url: string; gatewayId: string } | null = null;
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  });
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{"ready":true')) ready = JSON.parse(line);
    });
  }
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const { url, gatewayId } = await waitFor<{ url: string; gatewayId: string }>(
    () => {
      if (child.exitCode !== null) throw new Error(`the gateway ended: ${said}`);
      return ready as { url: string; gatewayId: string };
    },
    { what: `gateway ${options.identity} to be ready`, timeoutMs: START_MS_MAX },
  );
  const pid = child.pid as number;
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) process.kill(pid, signal);
    return await exited;
  };
  return {
    ...{ identity: options.identity, gatewayId, url, pid },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  };
}
