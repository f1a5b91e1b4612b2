import type { StoreCredentials } from '../ports';
import {
  ALGORITHM,
  amzDateOf,
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
