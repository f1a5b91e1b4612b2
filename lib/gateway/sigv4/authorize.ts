/**
 * Who asks, and may they. A gateway key is looked up, never guessed at: an unknown key and a wrong signature get one
 * answer. Table scopes are held against what the store would read, so a scoped key's body is decoded.
 */

import { randomBytes } from 'node:crypto';
import type { KeyRow } from '@/db/queries/gateway/material';
import { type SigningScope, signingKey } from '@/lib/adapters/dynamodb/sigv4';
import { verifyRequest } from '@/lib/adapters/dynamodb/verify';
import type { Clock, Log } from '@/lib/adapters/ports';
import type { Sealer } from '@/lib/adapters/sealing';
import { type GatewayAnswer, refusal } from '../pipeline/answer';
import { excessIn } from '../pipeline/json-bounds';
import { decode, isItemOperation, tableNameOf, tablesIn } from '../pipeline/parse';
import { tooMany } from '../pipeline/unreadable-body';

export interface HeadersOf {
  readonly [name: string]: string | string[] | undefined;
}

export interface Asked {
  path: string;
  headers: HeadersOf;
  body: Buffer;
}

interface ApplicationKey {
  secret: string;
  sealed: string;
  tables: ReadonlySet<string> | null;
  operations: ReadonlySet<string> | null;
}

export type Verdict = { ok: true; payloadHash: string; key: ApplicationKey } | { ok: false; answer: GatewayAnswer };

const UNKNOWN = () => refusal('UnrecognizedClientException', 'The security token included in the request is invalid.');

export class Authorizer {
  #keys = new Map<string, ApplicationKey>();
  readonly #nobodys = randomBytes(30).toString('base64url');
  /** Whose key the request under way was checked with. */
  #asked: ApplicationKey | undefined;
  /**
   * Deriving a day's key takes four HMACs. An unknown id costs them too, with a secret that nobody has: a region that was
   * never asked for would otherwise tell by its time which ids exist.
   */
  readonly #keyFor = (accessKeyId: string, scope: SigningScope): Buffer => {
    this.#asked = this.#keys.get(accessKeyId);
    return signingKey(this.#asked?.secret ?? this.#nobodys, scope);
  };
  /** Told of each refusal what was wrong; for counters. */
  onDenied: (fault: string) => void = () => {};

  constructor(
    private readonly sealer: Sealer,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  update(rows: readonly KeyRow[]): void {
    const keys = new Map<string, ApplicationKey>();
    for (const row of rows) {
      const known = this.#keys.get(row.accessKeyId);
      const secret = known?.sealed === row.secretSealed ? known.secret : this.#open(row);
      if (secret === null) continue;
      keys.set(row.accessKeyId, {
        secret,
        sealed: row.secretSealed,
        tables: row.tables === null ? null : new Set(row.tables),
        operations: row.operations === null ? null : new Set(row.operations),
      });
    }
    this.#keys = keys;
  }

  /** Checks the signature over the bytes as they came. */
  verify(asked: Asked): Verdict {
    this.#asked = undefined;
    const verified = verifyRequest({
      method: 'POST',
      path: asked.path,
      headers: asked.headers,
      body: asked.body,
      nowMs: this.clock.nowMs(),
      service: 'dynamodb',
      signingKeyFor: this.#keyFor,
    });
    const key = this.#asked as ApplicationKey | undefined;
    if (verified.ok && key !== undefined) return { ok: true, payloadHash: verified.value.payloadHash, key };
    this.onDenied(
      key === undefined && !verified.ok && verified.error === 'bad_signature' ? 'unknown_key' : faultOf(verified),
    );
    return { ok: false, answer: verified.ok ? UNKNOWN() : faultAnswer(verified.error) };
  }

  #open(row: KeyRow): string | null {
    const opened = this.sealer.open(row.secretSealed, 'gateway-key');
    if (opened.ok) return opened.value;
    this.log.error(
      { application: row.application, fault: opened.error },
      'The secret of an application cannot be opened',
    );
    return null;
  }
}

const faultOf = (verified: { ok: true } | { ok: false; error: string }): string =>
  verified.ok ? 'unknown_key' : verified.error;

function faultAnswer(fault: string): GatewayAnswer {
  switch (fault) {
    case 'missing':
      return refusal('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
    case 'malformed':
    case 'unsigned_header':
      return refusal(
        'IncompleteSignatureException',
        'The Authorization header or the signed headers are not complete.',
      );
    case 'skew':
      return refusal('InvalidSignatureException', 'Signature expired: the clocks are more than five minutes apart.');
    case 'scope':
      return refusal(
        'InvalidSignatureException',
        'Credential should be scoped to the date of the request and to dynamodb.',
      );
    case 'body_hash':
      return refusal('InvalidSignatureException', 'The body is not the one that was signed.');
    default:
      return UNKNOWN();
  }
}

/** Null: allowed. A key bound to tables may ask for nothing but those tables, by name. */
export function outOfScope(
  key: Pick<ApplicationKey, 'tables' | 'operations'>,
  asked: { operation: string; body: Buffer },
): GatewayAnswer | null {
  const { operation, body } = asked;
  if (key.operations !== null && !key.operations.has(operation)) return denied(operation);
  if (key.tables === null) return null;
  const input = decode(body);
  // What cannot be decoded cannot be held against a scope either.
  if (input === null) {
    const excess = excessIn(body);
    if (excess === 'members' || excess === 'values') return tooMany(excess);
    return refusal('SerializationException', 'The body is no JSON object.');
  }
  const names = tablesIn(operation, input);
  if (names.length === 0) return isItemOperation(operation) ? null : denied(operation);
  const { tables } = key;
  return names.every((name) => tables.has(tableNameOf(name))) ? null : denied(operation);
}

const denied = (operation: string): GatewayAnswer =>
  refusal('AccessDeniedException', `This application's key is not authorized to perform: dynamodb:${operation}`);
