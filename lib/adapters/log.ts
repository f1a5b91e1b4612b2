import { type DestinationStream, type Level, pino } from 'pino';
import type { Log } from './ports';

/**
 * One JSON line an event: the sentence says what happened, the fields say to what. Item values, keys and secrets never
 * reach a log, whatever the caller passes: fields of these names are replaced before the line is built.
 */
export const FORBIDDEN_FIELDS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'credential',
  'credentials',
  'secret',
  'secretaccesskey',
  'sessiontoken',
  'password',
  'token',
  'apikey',
  'sealingkey',
  'signature',
  'item',
  'items',
  'image',
  'images',
  'key',
  'keys',
  'keyid',
  'attributes',
  'body',
  'cursor',
  'lastevaluatedkey',
  'exclusivestartkey',
  'expressionattributevalues',
  'requestitems',
  'headers',
]);
export const REDACTED = '[redacted]';
/** Levels of nested fields that are looked at; deeper ones are left out. */
export const LOG_DEPTH_MAX = 6;
export const LOG_TEXT_MAX = 2_000;
export const LOG_ENTRIES_MAX = 100;

export interface LogOptions {
  /** Process kind, e.g. `gateway`; stands on every line. */
  process: string;
  level?: Level | 'silent';
  /** Where lines go; standard output by default. */
  destination?: DestinationStream;
}

export function createLog(options: LogOptions): Log {
  const settings = {
    level: options.level ?? 'info',
    base: { process: options.process, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrap(options.destination ? pino(settings, options.destination) : pino(settings));
}

function wrap(logger: pino.Logger): Log {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: object, sentence: string) => {
    if (logger.isLevelEnabled(level)) logger[level](redact(fields) as object, sentence);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(logger.child(redact(fields) as object)),
  };
}

/** A copy fit for a log: forbidden names replaced at every depth, errors as name, code and stack, long texts cut. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.length > LOG_TEXT_MAX ? `${value.slice(0, LOG_TEXT_MAX)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= LOG_DEPTH_MAX) return '[deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, LOG_ENTRIES_MAX).map((one) => redact(one, depth + 1));
  const entries = Object.entries(value).slice(0, LOG_ENTRIES_MAX);
  return Object.fromEntries(
    entries.map(([name, one]) => [name, isForbidden(name) ? REDACTED : redact(one, depth + 1)]),
  );
}

const isForbidden = (name: string): boolean => FORBIDDEN_FIELDS.has(name.toLowerCase().replace(/[_-]/g, ''));

/**
 * Members of an error beside these may quote a statement's parameters or an item; so does the message of JSON.parse,
 * which shows the text that it stumbled over.
 */
function redactError(error: Error, depth: number): object {
  const { code, cause } = error as Error & { code?: unknown };
  const isQuoting = error instanceof SyntaxError;
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return {
    name: error.name,
    message: isQuoting ? REDACTED : redact(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: redact(frames?.join('\n') ?? ''),
    ...(cause === undefined ? {} : { cause: redact(cause, depth + 1) }),
  };
}
