import { sqlStateOf } from '@/db/client';
import type { Log } from '@/lib/adapters/ports';
import { AppError, ERRORS, type ErrorCode } from '@/lib/domain/errors';
import type { ActionFailure } from '../_ui/action-result';
import type { GateLine } from '../_ui/kit/gate-list';

/** Classes 08 (connection), 53 (resources), 57 (operator intervention): the database, not the request. */
const DATABASE_DOWN = /^(08|53|57)/;
const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
]);

// By name and not by class: the bundler makes several copies of a module, and with it of its classes.
const DATABASE_ERRORS = new Set(['DatabaseBusyError', 'DatabaseDeadlineError']);

function isDatabaseDown(error: unknown): boolean {
  if (DATABASE_DOWN.test(sqlStateOf(error) ?? '')) return true;
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if (DATABASE_ERRORS.has(at.name)) return true;
    if (SOCKET_CODES.has(String((at as { code?: unknown }).code))) return true;
  }
  return false;
}

const isAppError = (error: unknown): error is AppError =>
  error instanceof AppError || (error instanceof Error && error.name === 'AppError' && 'detail' in error);

/**
 * What may be shown of an error. An AppError was written for people; of anything else only the code is shown, with a
 * request id under which the log has the rest.
 */
export function failureOf(error: unknown, log: Log, requestId: string): ActionFailure {
  if (isAppError(error)) {
    const { sentence, fields, gates } = error.detail;
    return {
      ok: false,
      code: error.code,
      message: sentence,
      ...(fields ? { fields: Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, [text]])) } : {}),
      ...(Array.isArray(gates) ? { gates: gates as GateLine[] } : {}),
    };
  }
  const code: ErrorCode = isDatabaseDown(error) ? 'database.unavailable' : 'internal.unexpected';
  log.error({ error, requestId }, 'A request failed');
  return { ok: false, code, message: `${ERRORS[code].title}. ${ERRORS[code].check[0]}`, requestId };
}

export const statusOf = (code: string): number => (code in ERRORS ? ERRORS[code as ErrorCode].http : 500);
