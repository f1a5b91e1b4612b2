/**
 * Every variable that Landfall reads: its name, its meaning, its bounds. `.env.example` is made from this table and a
 * test holds the two equal. What an operator may change while running is not here; it lives in tables.
 */
import { z } from 'zod';
import { SAFEGUARDS, type Safeguard } from '@/lib/domain/safeguards';

export interface Field<T> {
  variable: string;
  /** One or two sentences for `.env.example`; units are named here. */
  about: string;
  /** What `.env.example` shows after the equals sign. */
  example: string;
  isSecret?: true;
  schema: z.ZodType<T, string | undefined>;
}
const field = <T>(given: Field<T>): Field<T> => given;

const whole = (bounds: { min: number; max: number; standard: number }) =>
  z
    .string()
    .optional()
    .transform((text) => (text === undefined ? bounds.standard : Number(text)))
    .pipe(
      z
        .number('must be a whole number')
        .int('must be a whole number')
        .min(bounds.min, `must be at least ${bounds.min}`)
        .max(bounds.max, `must be at most ${bounds.max}`),
    );

const port = (standard: number) => whole({ min: 0, max: 65_535, standard });

const address = (protocols: string[]) =>
  z.string('is not set').refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be a URL that begins with ${protocols.join('// or ')}//`,
  });

/** 32 bytes as 64 hex digits or in base64; the sealer wants the same. */
const sealingKey = z
  .string('is not set')
  .refine((text) => /^[0-9a-fA-F]{64}$/.test(text) || /^[A-Za-z0-9+/_-]{43}=?$/.test(text), {
    message: 'must be 32 random bytes, as 64 hex digits or in base64',
  });

const slug = (what: string) =>
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, `must be ${what} of a-z, 0-9 and hyphens, at most 63 characters`);

const safeguardsOff = z
  .string()
  .optional()
  .transform((text) => (text ?? '').split(',').filter((name) => name.length > 0))
  .pipe(z.array(z.enum(Object.keys(SAFEGUARDS) as [Safeguard, ...Safeguard[]])));

export const FIELDS = {
  nodeEnv: field({
    variable: 'NODE_ENV',
    about: 'production, development or test.',
    example: 'production',
    schema: z.enum(['production', 'development', 'test']).optional().default('production'),
  }),
  logLevel: field({
    variable: 'LANDFALL_LOG_LEVEL',
    about: 'Least level that is logged: debug, info, warn, error or silent.',
    example: 'info',
    schema: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional().default('info'),
  }),
  dataDir: field({
    variable: 'LANDFALL_DATA_DIR',
    about: 'Directory for the embedded Postgres, intents, snapshots, logs and generated secrets.',
    example: '.landfall',
    schema: z.string().min(1).optional().default('.landfall'),
  }),
  exportDir: field({
    variable: 'LANDFALL_EXPORT_DIR',
    about: 'Folder below which exports of DynamoDB tables may be read; web and workers see it under the same path.',
    example: '/srv/exports',
    schema: z.string().min(1).optional(),
  }),
  databaseUrl: field({
    variable: 'DATABASE_URL',
    about: 'A Postgres (15 or newer) of yours. Without it, `npm start` and `npm run demo` run an embedded one.',
    example: 'postgres://landfall:password@127.0.0.1:5432/landfall',
    isSecret: true,
    schema: address(['postgres:', 'postgresql:']),
  }),
  sealingKey: field({
    variable: 'LANDFALL_SEALING_KEY',
    about:
      'Seals credentials at rest: 32 random bytes in hex or base64 (`openssl rand -base64 32`). Losing it loses them.',
    example: '',
    isSecret: true,
    schema: sealingKey,
  }),
  authSecret: field({
    variable: 'BETTER_AUTH_SECRET',
    about: 'Signs session cookies: at least 32 characters (`openssl rand -base64 32`).',
    example: '',
    isSecret: true,
    schema: z
      .string('is not set')
      .min(32, 'must have at least 32 characters')
      .max(512, 'must have at most 512 characters'),
  }),
  publicUrl: field({
    variable: 'LANDFALL_PUBLIC_URL',
    about:
      'The address that people type for the dashboard; where it is not set, 127.0.0.1 and the port. Cookies and origin checks rest on it.',
    example: 'http://127.0.0.1:3000',
    schema: address(['http:', 'https:'])
      .optional()
      .default('http://127.0.0.1:3000')
      .transform((text) => text.replace(/\/+$/, '')),
  }),
  bindHost: field({
    variable: 'LANDFALL_BIND_HOST',
    about:
      'Address on which dashboard and gateway listen. Beyond loopback, `npm start` wants the secrets above from you.',
    example: '127.0.0.1',
    schema: z.string().min(1).max(253).optional().default('127.0.0.1'),
  }),
  webPort: field({
    variable: 'LANDFALL_WEB_PORT',
    about: 'Port of the dashboard, 1 to 65535.',
    example: '3000',
    schema: port(3000),
  }),
  gatewayPort: field({
    variable: 'LANDFALL_GATEWAY_PORT',
    about: 'Port of the gateway, 0 to 65535; 0 takes a free one.',
    example: '8080',
    schema: port(8080),
  }),
  sourcePort: field({
    variable: 'LANDFALL_SOURCE_PORT',
    about: "Port of the demo's DynamoDB source.",
    example: '8081',
    schema: port(8081),
  }),
  targetPort: field({
    variable: 'LANDFALL_TARGET_PORT',
    about: "Port of the demo's TerraScale sandbox.",
    example: '8082',
    schema: port(8082),
  }),
  applicationPort: field({
    variable: 'LANDFALL_APPLICATION_PORT',
    about: "Port of the status page of the demo's application.",
    example: '8083',
    schema: port(8083),
  }),
  alertsPort: field({
    variable: 'LANDFALL_ALERTS_PORT',
    about: "Port of the demo's receiver of alerts.",
    example: '8084',
    schema: port(8084),
  }),
  demoOrders: field({
    variable: 'LANDFALL_DEMO_ORDERS',
    about: "Items of the demo's largest table, 2,400 to 500,000; written when the demo first starts.",
    example: '24000',
    schema: whole({ min: 2_400, max: 500_000, standard: 24_000 }),
  }),
  postgresPort: field({
    variable: 'LANDFALL_POSTGRES_PORT',
    about: 'Port of the embedded Postgres (loopback only).',
    example: '54329',
    schema: port(54_329),
  }),
  gatewayConnection: field({
    variable: 'LANDFALL_GATEWAY_CONNECTION',
    about: 'Name or id of the source connection that a gateway serves.',
    example: 'orders-dynamodb',
    schema: z.string('is not set').min(1, 'is not set').max(200, 'must have at most 200 characters'),
  }),
  gatewayIdentity: field({
    variable: 'LANDFALL_GATEWAY_IDENTITY',
    about:
      'Stable name of this gateway; a restart takes its row again. Its folder is LANDFALL_DATA_DIR/gateways/<name>.',
    example: 'gateway-1',
    schema: slug('a name').optional().default('gateway-1'),
  }),
  gatewayMirrorWaitMsMax: field({
    variable: 'LANDFALL_GATEWAY_MIRROR_WAIT_MS_MAX',
    about: 'Longest that an application waits for the mirror, in milliseconds, 0 to 5000, where a plan says nothing.',
    example: '250',
    schema: whole({ min: 0, max: 5_000, standard: 250 }),
  }),
  gatewayDrainMs: field({
    variable: 'LANDFALL_GATEWAY_DRAIN_MS',
    about:
      'How long a gateway that was told to end serves on, in milliseconds, 0 to 15000: longer than your balancer needs to see that /ready says 503.',
    example: '2000',
    schema: whole({ min: 0, max: 15_000, standard: 2_000 }),
  }),
  gatewayVerify: field({
    variable: 'LANDFALL_GATEWAY_VERIFY',
    about:
      'on, or off for development: then any signature passes, on loopback only, and the gateway says so at /ready and on the page Gateways.',
    example: 'on',
    schema: z
      .enum(['on', 'off'])
      .optional()
      .default('on')
      .transform((text) => text === 'on'),
  }),
  metricsHost: field({
    variable: 'LANDFALL_METRICS_HOST',
    about: 'Address on which a gateway serves GET /metrics. Beyond loopback LANDFALL_METRICS_TOKEN must be set.',
    example: '127.0.0.1',
    schema: z.string().min(1).max(253).optional().default('127.0.0.1'),
  }),
  metricsPort: field({
    variable: 'LANDFALL_METRICS_PORT',
    about: 'Port of /metrics, 0 to 65535; 0 takes a free one. A port that is taken is logged, and traffic goes on.',
    example: '9464',
    schema: port(9_464),
  }),
  metricsToken: field({
    variable: 'LANDFALL_METRICS_TOKEN',
    about: 'Where it is set, /metrics wants it as a bearer token: at least 16 characters.',
    example: '',
    isSecret: true,
    schema: z.string().min(16, 'must have at least 16 characters').max(512, 'must have at most 512 characters'),
  }),
  workerName: field({
    variable: 'LANDFALL_WORKER_NAME',
    about: 'Name of this worker on the screens; host and process number when empty.',
    example: '',
    schema: slug('a name').optional(),
  }),
  workerConcurrency: field({
    variable: 'LANDFALL_WORKER_CONCURRENCY',
    about: 'Segments and settles that one worker runs at once, 1 to 64.',
    example: '4',
    schema: whole({ min: 1, max: 64, standard: 4 }),
  }),
  chromium: field({
    variable: 'CHROMIUM',
    about: 'Path of a Chromium for the browser tests. Without it /usr/bin/chromium, then the one that npm installed.',
    example: '',
    schema: z.string().min(1).optional(),
  }),
  isCi: field({
    variable: 'CI',
    about: 'Build servers set it. Then `npm test` repeats tests that failed on real processes or in the browser, once.',
    example: '',
    schema: z
      .string()
      .optional()
      .transform((text) => text !== undefined && !['', '0', 'false'].includes(text)),
  }),
  safeguardsOff: field({
    variable: 'LANDFALL_TEST_SAFEGUARDS_OFF',
    about:
      'Tests only (NODE_ENV=test, else refused): rules of the protocol to switch off, to prove that a test turns red.',
    example: '',
    schema: safeguardsOff,
  }),
} as const;

export type FieldName = keyof typeof FIELDS;
export type FieldValue<N extends FieldName> = z.output<(typeof FIELDS)[N]['schema']>;
