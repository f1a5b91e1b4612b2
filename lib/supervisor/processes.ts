/** What each process is started with. */
import { join } from 'node:path';
import { childEnvironment, type SupervisorConfig } from '@/lib/config';
import { SAMPLE_TABLES } from '@/lib/sandbox/sample-data';
import { type ChildSpec, GATEWAY_NODE_ARGS, tsx, WORKER_NODE_ARGS } from './child';
import { type DataDir, projectDir, type Secrets } from './data-dir';

export interface Setting {
  config: SupervisorConfig;
  dir: DataDir;
  secrets: Secrets;
  databaseUrl: string;
}

const LOOPBACK = '127.0.0.1';
export const local = (port: number): string => `http://${LOOPBACK}:${port}`;
export const adminUrlOf = (port: number): string => `${local(port)}/_admin`;
export const alertUrlOf = (port: number): string => `${local(port)}/alerts`;
export const applicationTables = [...SAMPLE_TABLES];

/**
 * Whether the rest goes on while a process that was up ends again and again. Traffic needs no dashboard, so a dashboard
 * that cannot stay up takes no gateway down with it; without a store, a worker or a gateway nothing is whole.
 */
export const mayBeWithout = (name: string, command: 'demo' | 'start' | 'web'): boolean =>
  name === 'web' && command !== 'web';

const environmentOf = ({ config, dir, secrets, databaseUrl }: Setting): NodeJS.ProcessEnv =>
  childEnvironment({
    NODE_ENV: config.nodeEnv,
    NEXT_TELEMETRY_DISABLED: '1',
    DATABASE_URL: databaseUrl,
    LANDFALL_DATA_DIR: dir.root,
    LANDFALL_SEALING_KEY: config.sealingKey ?? secrets.sealingKey,
    BETTER_AUTH_SECRET: config.authSecret ?? secrets.authSecret,
    LANDFALL_PUBLIC_URL: config.publicUrl,
    LANDFALL_BIND_HOST: config.bindHost,
    LANDFALL_WEB_PORT: String(config.webPort),
    LANDFALL_GATEWAY_PORT: String(config.gatewayPort),
    LANDFALL_GATEWAY_IDENTITY: config.gatewayIdentity,
    LANDFALL_LOG_LEVEL: config.logLevel,
  });

/** The sandbox sees none of Landfall's secrets: what it needs comes on its standard input. */
const sandboxEnvironment = (): NodeJS.ProcessEnv =>
  childEnvironment({
    NODE_ENV: 'production',
    ...{ DATABASE_URL: undefined, LANDFALL_SEALING_KEY: undefined, BETTER_AUTH_SECRET: undefined },
  });

export const web = (setting: Setting): ChildSpec => {
  const { bindHost, webPort } = setting.config;
  const next = join(projectDir, 'node_modules', 'next', 'dist', 'bin', 'next');
  return {
    name: 'web',
    args: [next, 'start', '-H', bindHost, '-p', String(webPort)],
    // A build is for production, whatever the other processes run as.
    environment: { ...environmentOf(setting), NODE_ENV: 'production' },
    ready: `${local(webPort)}/api/health/ready`,
  };
};

export const worker = (setting: Setting): ChildSpec => ({
  name: 'worker',
  args: [...WORKER_NODE_ARGS, ...tsx('lib/worker/main.ts')],
  environment: environmentOf(setting),
  ready: 'line',
});

export const gateway = (setting: Setting, connection: string): ChildSpec => ({
  name: 'gateway',
  args: [...GATEWAY_NODE_ARGS, ...tsx('lib/gateway/main.ts')],
  environment: { ...environmentOf(setting), LANDFALL_GATEWAY_CONNECTION: connection },
  ready: 'line',
});

type Sandbox = Omit<Setting, 'databaseUrl'>;

export const source = ({ config, dir, secrets }: Sandbox): ChildSpec => ({
  name: 'source',
  args: tsx('lib/sandbox/source-main.ts'),
  environment: sandboxEnvironment(),
  input: {
    ...{ port: config.sourcePort, dataDir: dir.source, adminToken: secrets.sourceAdminToken },
    sampleOrders: config.demoOrders,
  },
  ready: 'line',
});

export const target = ({ config, dir, secrets }: Sandbox): ChildSpec => ({
  name: 'target',
  args: tsx('lib/sandbox/target-main.ts'),
  environment: sandboxEnvironment(),
  input: {
    ...{ port: config.targetPort, dataDir: dir.target, adminToken: secrets.targetAdminToken },
    ...{ quota: 'demo', allowCreateTable: true },
  },
  ready: 'line',
});

export const alerts = ({ config, secrets }: Sandbox): ChildSpec => ({
  name: 'alerts',
  args: tsx('lib/sandbox/alert-receiver-main.ts'),
  environment: sandboxEnvironment(),
  input: { port: config.alertsPort, secret: secrets.alertSecret },
  ready: 'line',
});

const WRITES_PER_SECOND = 15;
const READS_PER_SECOND = 20;

export const application = ({ config, dir, secrets }: Sandbox): ChildSpec => ({
  name: 'application',
  args: tsx('lib/sandbox/application-main.ts'),
  environment: sandboxEnvironment(),
  input: {
    ...{ port: config.applicationPort, endpoint: local(config.gatewayPort), region: 'eu-central-1' },
    ...{ credentials: secrets.applicationKey, logDir: dir.application },
    ...{ writesPerSecond: WRITES_PER_SECOND, readsPerSecond: READS_PER_SECOND },
  },
  ready: 'line',
});
