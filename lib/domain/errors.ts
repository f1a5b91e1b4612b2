import { COPY_ERRORS } from './copy-errors';
import { FIT_ERRORS } from './fit-errors';

/**
 * The catalogue of errors: `area.reason`, never reused. `/help/errors/CODE` renders each entry, and a test holds the
 * pages and this list equal.
 */
export interface ErrorEntry {
  http: number;
  /** Whether the same request may succeed later without a change. */
  retry: boolean;
  title: string;
  check: readonly string[];
}

export const ERRORS = {
  'auth.signed_out': {
    http: 401,
    retry: false,
    title: 'You are signed out',
    check: [
      'Sign in again; what you typed is kept where the page allows it.',
      'If it happens at once again, the clock of the server may be wrong.',
    ],
  },
  'auth.sign_in_refused': {
    http: 401,
    retry: false,
    title: 'E-mail address or password is not right',
    check: [
      'Check both; the password tells capitals apart.',
      'A disabled account is refused with the same words. An administrator sees it under Settings, People.',
    ],
  },
  'auth.too_many_tries': {
    http: 429,
    retry: true,
    title: 'Too many tries to sign in',
    check: [
      'Wait as long as the sentence says.',
      'If it was not you, somebody may be guessing: tell an administrator.',
    ],
  },
  'auth.role_too_low': {
    http: 403,
    retry: false,
    title: 'Your role does not allow this',
    check: ['The sentence names the role that may.', 'Settings, People shows who has it.'],
  },
  'auth.bad_origin': {
    http: 403,
    retry: false,
    title: 'The request came from another site',
    check: [
      'Open Landfall at the address in LANDFALL_PUBLIC_URL.',
      'A proxy in front must keep the Host and Origin headers.',
    ],
  },
  'auth.setup_done': {
    http: 409,
    retry: false,
    title: 'The first administrator exists already',
    check: ['Sign in with that account.', 'Ask an administrator for an account.'],
  },
  'auth.setup_token_wrong': {
    http: 403,
    retry: false,
    title: 'The set-up token is not the one in the server log',
    check: [
      'Copy the token that the web process printed at its last start.',
      'Restart the web process to print a new one.',
    ],
  },
  'auth.email_taken': {
    http: 409,
    retry: false,
    title: 'Somebody has this e-mail address already',
    check: ['Settings, People lists every account.', 'Use another address, or change the role of the one that exists.'],
  },
  'input.invalid': {
    http: 422,
    retry: false,
    title: 'Something in the form is not right',
    check: ['Each field that is wrong says what it needs.', 'Nothing was changed.'],
  },
  'input.stale_form': {
    http: 409,
    retry: false,
    title: 'Somebody changed this while you were looking at it',
    check: [
      'The sentence says what changed, by whom and when.',
      'Look at the new state and decide again; nothing of yours was applied.',
    ],
  },
  'input.repeated': {
    http: 409,
    retry: false,
    title: 'This request was used before for something else',
    check: ['Reload the page and try again.', 'Two tabs may share one form.'],
  },
  'plan.not_found': {
    http: 404,
    retry: false,
    title: 'There is no such plan',
    check: ['Plans lists them all.', 'The address may be old.'],
  },
  'plan.name_taken': {
    http: 409,
    retry: false,
    title: 'A plan has this name already',
    check: ['Choose another name.', 'Plans lists them all.'],
  },
  'plan.no_tables': {
    http: 422,
    retry: false,
    title: 'A plan needs at least one table',
    check: [
      'Choose one or more tables of the source.',
      'If none are listed, the source key may not list tables: type the name.',
    ],
  },
  'plan.profile_refused': {
    http: 422,
    retry: false,
    title: 'The rehearsal profile is for a source on this machine only',
    check: ['Choose the production profile.', 'Rehearsal waits seconds where production waits minutes.'],
  },
  'plan.table_in_use': {
    http: 409,
    retry: false,
    title: 'Another plan moves this table',
    check: ['The sentence names that plan.', 'Abandon or finish it first.'],
  },
  'plan.timeouts_too_long': {
    http: 422,
    retry: false,
    title: 'A store time-out is not below half of the hold bound',
    check: [
      'Lower the store time-out or raise the hold bound.',
      'A fence can end cleanly only when a request cannot outlive half of it.',
    ],
  },
  'gateway.not_silent': {
    http: 409,
    retry: true,
    title: 'The gateway is not silent',
    check: [
      'Only a gateway that has said nothing for ten seconds can be attested to be gone.',
      'If it is to end, stop it in order: then it says goodbye and nothing waits for it.',
    ],
  },
  'gateway.not_proven_dead': {
    http: 409,
    retry: true,
    title: 'It is not proven that the gateway can write nothing',
    check: [
      'The sentence names each condition that is missing, with what was observed.',
      'A key that is still accepted: change the key of that connection and revoke the old one at its store.',
      'A verification has to begin after the keys were refused and Δ has passed.',
    ],
  },
  'worker.not_silent': {
    http: 409,
    retry: true,
    title: 'The worker is not silent',
    check: [
      'Only a worker that has said nothing for ten seconds can be said to have ended.',
      'If it is to end, stop it in order: then it says goodbye and nothing waits for it.',
    ],
  },
  'control.postgres_changed': {
    http: 409,
    retry: true,
    title: 'Another Postgres has taken the place of the one before',
    check: [
      'A refused move names the gateways that have not reported what they obey; start them with their data directories.',
      'A gateway that cannot come back is passed as under Gateways: attested, keys refused, verified.',
      'Reads back to DynamoDB is allowed all the same.',
    ],
  },
  'table.not_found': {
    http: 404,
    retry: false,
    title: 'There is no such table in this plan',
    check: ['The plan page lists its tables.', 'The address may be old.'],
  },
  'table.move_refused': {
    http: 409,
    retry: true,
    title: 'The move is not allowed now',
    check: [
      'Each unmet gate says what was observed and what is needed.',
      'Going back is never blocked by a gate while the source is the authority.',
    ],
  },
  'table.move_unknown': {
    http: 404,
    retry: false,
    title: 'The stage has no such move',
    check: ['The stage rail shows which moves this stage offers.', 'Somebody may have moved the table: reload.'],
  },
  'table.lost_race': {
    http: 409,
    retry: false,
    title: 'Somebody moved the table first',
    check: ['The sentence says who moved it, to what and when.', 'Nothing of yours was applied.'],
  },
  'table.plan_changed': {
    http: 409,
    retry: true,
    title: 'The facts changed since the dry run',
    check: ['Look at the new dry run and commit again.', 'The steps that would run are not the ones that you saw.'],
  },
  'table.name_not_typed': {
    http: 422,
    retry: false,
    title: 'The typed name is not the name of the table',
    check: ['Type the name exactly, capitals included.', 'This is asked only where the move is hard to take back.'],
  },
  'table.share_invalid': {
    http: 422,
    retry: false,
    title: 'The read share is not a number from 0 to 100',
    check: ['Give a percentage between 0 and 100 with at most three decimals.', 'Example: 12.5'],
  },
  'table.approval_self': {
    http: 403,
    retry: false,
    title: 'You cannot approve your own move',
    check: [
      'Somebody else with the approver role must approve it.',
      'The approval is bound to the exact dry run that they saw.',
    ],
  },
  'connection.not_found': {
    http: 404,
    retry: false,
    title: 'There is no such connection',
    check: ['Connections lists them all.', 'The address may be old.'],
  },
  'connection.name_taken': {
    http: 409,
    retry: false,
    title: 'A connection has this name already',
    check: ['Choose another name.', 'Connections lists them all.'],
  },
  'connection.in_use': {
    http: 409,
    retry: false,
    title: 'A plan uses this connection',
    check: ['The sentence names the plan.', 'Finish or abandon it first.'],
  },
  'connection.unreachable': {
    http: 422,
    retry: true,
    title: 'Nothing answers at this endpoint',
    check: [
      'Check host, port and scheme, and that this server may reach it.',
      'The sentence says what was tried and what came back.',
    ],
  },
  'connection.key_refused': {
    http: 422,
    retry: false,
    title: 'The endpoint refuses this key',
    check: [
      'Check the access key id and the secret, and the region that it belongs to.',
      'Clocks more than five minutes apart are refused too.',
    ],
  },
  'connection.secret_needed': {
    http: 422,
    retry: false,
    title: 'A new endpoint needs the secret again',
    check: ['Type the secret key again.', 'A stored secret is never sent to an address that it was not given for.'],
  },
  'source.table_not_found': {
    http: 422,
    retry: false,
    title: 'The source has no such table',
    check: ['Check the name, capitals included, and the region.', 'The key may lack dynamodb:DescribeTable for it.'],
  },
  'target.key_schema_differs': {
    http: 422,
    retry: false,
    title: 'The target table has another key',
    check: ['The sentence gives both keys.', 'Create the target table with the key of the source.'],
  },
  'target.table_missing': {
    http: 422,
    retry: true,
    title: 'The target has no such table',
    check: [
      'Create it in the dashboard of TerraScale with the key shown here, then prove it again.',
      'Or allow this connection to create tables.',
    ],
  },
  ...COPY_ERRORS,
  ...FIT_ERRORS,
  'mismatch.not_found': {
    http: 404,
    retry: false,
    title: 'There is no such mismatch',
    check: ['It may have been repaired.', 'The verification page lists the open ones.'],
  },
  'dirty.not_dead': {
    http: 409,
    retry: false,
    title: 'It is no dead letter any more',
    check: ['A worker settled it, or the key was written anew and is tried again.', 'The traffic page lists the rest.'],
  },
  'checklist.evidence_missing': {
    http: 409,
    retry: true,
    title: 'The fact under this item is not there yet',
    check: ['The item says what is missing.', 'A signature may not run ahead of its evidence.'],
  },
  'alert.destination_failed': {
    http: 422,
    retry: true,
    title: 'The test alert was not delivered',
    check: ['The sentence says what the destination answered.', 'The URL must accept a POST of JSON and answer 2xx.'],
  },
  'alert.not_found': {
    http: 404,
    retry: false,
    title: 'There is no such alert destination',
    check: ['Settings, Alerts lists them.', 'It may have been removed.'],
  },
  'gateway.not_found': {
    http: 404,
    retry: false,
    title: 'There is no such gateway',
    check: ['Gateways lists every one that ever started.', 'The address may be old.'],
  },
  'database.unavailable': {
    http: 503,
    retry: true,
    title: 'Postgres does not answer',
    check: ['Traffic is not affected: gateways serve with their last routing.', 'Moves wait until Postgres is back.'],
  },
  'internal.unexpected': {
    http: 500,
    retry: true,
    title: 'Something went wrong in Landfall',
    check: [
      'The log of the process has the request id with the cause.',
      'Traffic through gateways is not affected by the console.',
    ],
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export interface AppErrorDetail {
  /** What happened here, with names and numbers; safe to show. */
  sentence: string;
  fields?: Record<string, string>;
  gates?: unknown;
}

/** Thrown by services, because a throw is what rolls a transaction back. Each edge maps it. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: AppErrorDetail;
  constructor(code: ErrorCode, detail: AppErrorDetail | string) {
    const full = typeof detail === 'string' ? { sentence: detail } : detail;
    super(`${code}: ${full.sentence}`);
    this.name = 'AppError';
    this.code = code;
    this.detail = full;
  }
  get http(): number {
    return ERRORS[this.code].http;
  }
}
