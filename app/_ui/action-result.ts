import type { GateLine } from './kit/gate-list';

/** What a server action answers; it never throws to the browser. */
export type ActionResult<T = unknown> = { ok: true; data: T } | ActionFailure;

export interface ActionFailure {
  ok: false;
  code: string;
  message: string;
  /** Sentences by field name. */
  fields?: Record<string, readonly string[]>;
  gates?: readonly GateLine[];
  /** Stands where the cause is ours; the log has the rest. */
  requestId?: string;
}

/** The answer when the request itself was lost: whether it was carried out is not known. */
export const UNANSWERED: ActionFailure = {
  ok: false,
  code: 'web.unanswered',
  message: 'No answer came back, so it is not known whether this was done. Look at the screen before trying again.',
};

/** A key that makes a repeated request change nothing. Works on plain http too, where randomUUID is missing. */
export const newIdempotencyKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
