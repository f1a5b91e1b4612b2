import { LandfallOptionsError } from './faults';

/** Where the client writes what an operator should see; item values never come here. */
export interface LandfallLog {
  debug(fields: object, sentence: string): void;
  info(fields: object, sentence: string): void;
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
  child(fields: object): LandfallLog;
}

export interface LandfallOptions {
  /** Landfall's Postgres, `postgres://…`. */
  databaseUrl: string;
  /** The sealing key of the installation: 32 bytes as 64 hex digits or in base64. */
  sealingKey: string;
  /** Name or id of the source connection. */
  connection: string;
  /** Stable name of this process among the gateways: a-z, 0-9 and hyphens, at most 63 characters. */
  identity: string;
  /** A directory that survives a restart of the application; the client's state is `<dataDir>/gateways/<identity>`. */
  dataDir: string;
  /** Longest that a request waits for the first routing, in milliseconds, 0 to 60000; 10000 unless given. */
  startWaitMsMax?: number;
  /** JSON lines of level `warn` on standard error unless given. */
  log?: LandfallLog;
  /** Told when the client serves no more; see LandfallFatalError. An application then best ends and starts again. */
  onFatal?: (error: Error) => void;
}

export const START_WAIT_MS = 10_000;
const START_WAIT_MS_MAX = 60_000;

const isUrl = (text: string): boolean =>
  URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol);

const RULES: readonly [
  name: 'databaseUrl' | 'sealingKey' | 'connection' | 'identity' | 'dataDir',
  string,
  RegExp | typeof isUrl,
][] = [
  ['databaseUrl', 'must be a URL that begins with postgres:// or postgresql://', isUrl],
  [
    'sealingKey',
    'must be 32 bytes, as 64 hex digits or in base64: the LANDFALL_SEALING_KEY of the installation',
    /^(?:[0-9a-fA-F]{64}|[A-Za-z0-9+/_-]{43}=?)$/,
  ],
  ['connection', 'must be the name or id of the source connection, 1 to 200 characters', /^.{1,200}$/],
  ['identity', 'must be a name of a-z, 0-9 and hyphens, at most 63 characters', /^[a-z0-9][a-z0-9-]{0,62}$/],
  ['dataDir', 'must be a directory that survives a restart', /^[^\0]+$/],
];

/** All problems at once; a secret is never quoted. @throws LandfallOptionsError */
export function checkOptions(options: LandfallOptions): void {
  const given = { ...options } as { [name: string]: unknown };
  const wrong: string[] = [];
  for (const [name, must, rule] of RULES) {
    const value = given[name];
    if (value === undefined) wrong.push(`${name} is missing; it ${must}`);
    else if (typeof value !== 'string' || !(typeof rule === 'function' ? rule(value) : rule.test(value)))
      wrong.push(`${name} ${must}`);
  }
  const { startWaitMsMax: wait = START_WAIT_MS } = given;
  if (typeof wait !== 'number' || !(wait >= 0 && wait <= START_WAIT_MS_MAX))
    wrong.push(`startWaitMsMax must be a number of milliseconds, 0 to ${START_WAIT_MS_MAX}`);
  if (wrong.length > 0) throw new LandfallOptionsError(`The options of the client are not right: ${wrong.join('; ')}.`);
}
