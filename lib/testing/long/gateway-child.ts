/** A gateway as a child process, so that a test can end it as an operating system would, and look at its memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { GATEWAY_NODE_ARGS, tsx } from '@/lib/supervisor/child';
import { waitFor } from '../wait-for';

const projectDir = fileURLToPath(new URL('../../..', import.meta.url));
const START_MS_MAX = 60_000;

export interface GatewayProcess {
  url: string;
  gatewayId: string;
  metricsUrl: string;
  pid: number;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
  /** What it logged. */
  said(): string;
  /** The sum of the series whose line begins with `landfall_gateway_` and this. */
  metric(name: string): Promise<number>;
}

/** `environment` is that of a rig (`GatewayRig.environment`), with changes on top. */
export async function spawnGateway(environment: Record<string, string>): Promise<GatewayProcess> {
  const child: ChildProcess = spawn(process.execPath, [...GATEWAY_NODE_ARGS, ...tsx('lib/gateway/main.ts')], {
    cwd: projectDir,
    env: { ...process.env, LANDFALL_METRICS_PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let ready: { url: string; gatewayId: string; metricsUrl: string } | null = null;
  const keep = (text: string) => {
    said = `${said}${text}`.slice(-20_000);
  };
  child.stderr?.on('data', (chunk: Buffer) => keep(chunk.toString()));
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{"ready":true')) ready = JSON.parse(line);
      else keep(`${line}\n`);
    });
  }
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const { url, gatewayId, metricsUrl } = await waitFor<{ url: string; gatewayId: string; metricsUrl: string }>(
    () => {
      if (child.exitCode !== null) throw new Error(`the gateway ended: ${said}`);
      return ready as { url: string; gatewayId: string; metricsUrl: string };
    },
    { what: 'the gateway to be ready', timeoutMs: START_MS_MAX },
  );
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  return {
    ...{ url, gatewayId, metricsUrl, pid: child.pid as number },
    stop: async () => {
      if (!isOver()) child.kill('SIGTERM');
      return await exited;
    },
    kill: async () => {
      if (!isOver()) child.kill('SIGKILL');
      await exited;
    },
    said: () => said,
    metric: async (name) => {
      const text = await (await fetch(metricsUrl)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(`landfall_gateway_${name}`));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
  };
}
