import { randomBytes } from 'node:crypto';

export const REQUEST_ID_HEADER = 'x-request-id';

/** The id that the proxy gave to this request; shown with a failure and written beside its cause in the log. */
export const requestIdOf = (head: Headers): string => head.get(REQUEST_ID_HEADER) ?? randomBytes(8).toString('hex');
