import { FIELDS, type FieldName, type FieldValue } from './fields';

/** Every problem at once, each by its variable; values are never repeated, since some are secrets. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

const SHARED = ['nodeEnv', 'logLevel', 'dataDir', 'safeguardsOff'] as const;

/** What each kind of process wants. `optional` names those that it can do without. */
export const PROCESSES = {
  web: {
    fields: [...SHARED, 'databaseUrl', 'sealingKey', 'authSecret', 'publicUrl', 'bindHost', 'webPort', 'exportDir'],
    optional: ['exportDir'],
  },
  worker: {
    fields: [...SHARED, 'databaseUrl', 'sealingKey', 'workerName', 'workerConcurrency', 'exportDir'],
    optional: ['exportDir'],
  },
  gateway: {
    fields: [
      ...SHARED,
      ...(['databaseUrl', 'sealingKey', 'bindHost', 'gatewayPort', 'gatewayConnection', 'gatewayIdentity'] as const),
      ...(['gatewayMirrorWaitMsMax', 'gatewayDrainMs', 'gatewayVerify'] as const),
      ...(['metricsHost', 'metricsPort', 'metricsToken'] as const),
    ],
    optional: ['metricsToken'],
  },
  /** A gateway on a routing document, without Postgres. */
  staticGateway: {
    fields: [
      ...SHARED,
      ...(['bindHost', 'gatewayPort', 'gatewayDrainMs', 'metricsHost', 'metricsPort', 'metricsToken'] as const),
    ],
    optional: ['metricsToken'],
  },
  supervisor: {
    fields: [
      ...SHARED,
      ...(['databaseUrl', 'sealingKey', 'authSecret', 'publicUrl', 'bindHost', 'webPort', 'gatewayPort'] as const),
      ...(['sourcePort', 'targetPort', 'applicationPort', 'alertsPort', 'demoOrders', 'postgresPort'] as const),
      ...(['gatewayConnection', 'gatewayIdentity', 'chromium'] as const),
    ],
    // The supervisor runs an embedded Postgres and makes secrets of its own where none are given.
    optional: ['databaseUrl', 'sealingKey', 'authSecret', 'gatewayConnection'],
  },
  testing: { fields: [...SHARED, 'chromium', 'isCi'], optional: [] },
} as const satisfies Record<string, { fields: readonly FieldName[]; optional: readonly FieldName[] }>;

export type ProcessName = keyof typeof PROCESSES;
type FieldsOf<P extends ProcessName> = (typeof PROCESSES)[P]['fields'][number];
type OptionalOf<P extends ProcessName> = (typeof PROCESSES)[P]['optional'][number];

export type Config<P extends ProcessName> = Readonly<{
  [N in FieldsOf<P>]: N extends OptionalOf<P> ? FieldValue<N> | undefined : FieldValue<N>;
}>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Pure: reads the given environment and returns a frozen object, or throws a ConfigError that lists all problems. */
export function parseConfig<P extends ProcessName>(process: P, environment: Environment): Config<P> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  const { fields, optional } = PROCESSES[process];
  for (const name of fields) {
    const { variable, schema } = FIELDS[name];
    const text = environment[variable]?.trim();
    // Set but empty, as an untouched line of .env, means not set.
    const given = text === undefined || text === '' ? undefined : text;
    if (given === undefined && (optional as readonly FieldName[]).includes(name)) continue;
    const parsed = schema.safeParse(given);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(`${variable} ${[...new Set(parsed.error.issues.map((issue) => issue.message))].join('; ')}`);
  }
  const off = values.safeguardsOff as string[] | undefined;
  if (off && off.length > 0 && values.nodeEnv !== 'test') {
    problems.push(`${FIELDS.safeguardsOff.variable} is for tests and is refused unless NODE_ENV is test`);
  }
  // The address follows the port where nobody gave one: cookies and origin checks rest on it.
  if ('webPort' in values && 'publicUrl' in values && !environment[FIELDS.publicUrl.variable]?.trim())
    values.publicUrl = `http://127.0.0.1:${values.webPort}`;
  if (problems.length > 0) throw new ConfigError(problems);
  // A frozen copy whose secrets do not show when somebody prints it.
  for (const name of fields) {
    const isSecret = 'isSecret' in FIELDS[name];
    if (isSecret && name in values) Object.defineProperty(values, name, { value: values[name], enumerable: false });
  }
  return Object.freeze(values) as Config<P>;
}

/** The text of `.env.example`. */
export function envExample(): string {
  const blocks = Object.values(FIELDS)
    .filter((each) => each.variable !== 'NODE_ENV')
    .map((each) => `# ${each.about}\n# ${each.variable}=${each.example}\n`);
  return [
    '# Made from lib/config/fields.ts by `npx tsx lib/config/write-example.ts`; a test holds the two equal.\n' +
      '# `npm run demo` needs none of these.\n',
    ...blocks,
  ].join('\n');
}
