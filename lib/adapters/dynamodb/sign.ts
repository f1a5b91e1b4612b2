import type { StoreCredentials } from '../ports';
import {
  ALGORITHM,
  amzDateOf,
  canonicalHeader,
  canonicalPath,
  canonicalRequest,
  type SigningScope,
  scopeText,
  sha256Hex,
  signatureOf,
  signingKey,
  stringToSign,
} from './sigv4';

export interface SignOptions {
  method: string;
  path: string;
  /** Lower-case names; `host` must be among them. All of them are signed. */
  headers: Readonly<Record<string, string>>;
  body: Buffer | string;
  credentials: StoreCredentials;
  region: string;
  service: string;
  nowMs: number;
  /** SHA-256 of the body in hex where the caller has it already, so that it is hashed once. */
  payloadHash?: string;
}

/** The headers to send: those given plus `x-amz-date`, `x-amz-security-token` where there is one, and `authorization`. */
export function signRequest(options: SignOptions): Record<string, string> {
  const { credentials, region, service } = options;
  const amzDate = amzDateOf(options.nowMs);
  const scope: SigningScope = { date: amzDate.slice(0, 8), region, service };
  const headers: Record<string, string> = { ...options.headers, 'x-amz-date': amzDate };
  if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;
  const signedHeaders = Object.keys(headers).sort();
  const payloadHash = options.payloadHash ?? sha256Hex(options.body);
  const canonical = canonicalRequest({
    method: options.method,
    path: options.path,
    headers,
    signedHeaders,
    payloadHash,
  });
  const text = stringToSign({ amzDate, scope, canonicalRequest: canonical });
  const signature = signatureOf(signingKey(credentials.secretAccessKey, scope), text);
  headers.authorization =
    `${ALGORITHM} Credential=${credentials.accessKeyId}/${scopeText(scope)}, ` +
    `SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  return headers;
}

export interface RequestSignerOptions {
  /** Path of the endpoint; it has no query. */
  path: string;
  host: string;
  contentType: string;
  credentials: StoreCredentials;
  region: string;
  service: string;
}

export interface SignedMessage {
  /** Value of `X-Amz-Target`. */
  target: string;
  body: Buffer | string;
  /** SHA-256 of the body in hex where the caller has it already. */
  payloadHash?: string;
  nowMs: number;
}

const TARGET = /^[\w.]{1,256}$/;
const HEADER_VALUE = /^[\x20-\x7e]*$/;

/**
 * Makes the heads of POST requests to one store: request line, headers, signature, empty line. All but date, target and
 * hash is the same in each, so it is written out once. The head says the length of the body, asks for no compression and
 * is pure ASCII. @throws for a target or a credential that is no header value.
 */
export function createRequestSigner(options: RequestSignerOptions): (message: SignedMessage) => string {
  const { path, host, contentType, credentials, region, service } = options;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const isProper = HEADER_VALUE.test(`${accessKeyId}${sessionToken ?? ''}`);
  const signedHeaders = ['content-type', 'host', 'x-amz-date', 'x-amz-security-token', 'x-amz-target']
    .filter((name) => name !== 'x-amz-security-token' || sessionToken !== undefined)
    .join(';');
  const token = sessionToken === undefined ? '' : `\nx-amz-security-token:${canonicalHeader(sessionToken)}`;
  const canonicalStart = `POST\n${canonicalPath(path)}\n\ncontent-type:${contentType}\nhost:${host}\nx-amz-date:`;
  const canonicalEnd = `\n\n${signedHeaders}\n`;
  const headStart =
    `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: ${contentType}\r\n` +
    `${sessionToken === undefined ? '' : `x-amz-security-token: ${sessionToken}\r\n`}x-amz-date: `;
  const scopeOf = (date: string): { text: string; key: Buffer; authorization: string } => {
    const scope: SigningScope = { date, region, service };
    const text = scopeText(scope);
    const authorization =
      `\r\nauthorization: ${ALGORITHM} Credential=${accessKeyId}/${text}, ` +
      `SignedHeaders=${signedHeaders}, Signature=`;
    return { text, key: signingKey(secretAccessKey, scope), authorization };
  };
  let today = { date: '', scope: scopeOf('') };
  let properTarget: string | null = null;

  return ({ target, body, payloadHash, nowMs }) => {
    if (target !== properTarget) {
      if (!isProper || !TARGET.test(target)) throw new Error('a header cannot be sent as it is');
      properTarget = target;
    }
    const amzDate = amzDateOf(nowMs);
    if (!amzDate.startsWith(today.date) || today.date === '') {
      const date = amzDate.slice(0, 8);
      today = { date, scope: scopeOf(date) };
    }
    const { scope } = today;
    const canonical =
      `${canonicalStart}${amzDate}${token}\nx-amz-target:${target}${canonicalEnd}` +
      `${payloadHash ?? sha256Hex(body)}`;
    const signature = signatureOf(scope.key, `${ALGORITHM}\n${amzDate}\n${scope.text}\n${sha256Hex(canonical)}`);
    return (
      `${headStart}${amzDate}\r\nx-amz-target: ${target}${scope.authorization}${signature}` +
      `\r\ncontent-length: ${typeof body === 'string' ? Buffer.byteLength(body) : body.length}\r\n\r\n`
    );
  };
}
