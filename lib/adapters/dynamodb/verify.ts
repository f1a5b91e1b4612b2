import { timingSafeEqual } from 'node:crypto';
import { err, ok, type Result } from '@/lib/domain/result';
import {
  ALGORITHM,
  canonicalRequest,
  type HeaderMap,
  type SigningScope,
  scopeText,
  sha256Hex,
  signatureOf,
} from './sigv4';

export const CLOCK_SKEW_MS_MAX = 5 * 60_000;
/** Longest Authorization header looked at. */
export const AUTHORIZATION_BYTES_MAX = 8192;

/** Headers whose signature is demanded where they are present; `host` and `x-amz-date` must be present too. */
const REQUIRED_SIGNED = ['host', 'x-amz-date', 'x-amz-target', 'x-amz-security-token'] as const;

/**
 * Why a request is not believed. An edge answers `unknown_key` and `bad_signature` alike, so that nobody learns which
 * key ids exist.
 */
export type SignatureFault =
  | 'missing'
  | 'malformed'
  | 'unsigned_header'
  | 'scope'
  | 'skew'
  | 'body_hash'
  | 'unknown_key'
  | 'bad_signature';

export interface VerifyOptions {
  method: string;
  path: string;
  headers: HeaderMap;
  body: Buffer | string;
  nowMs: number;
  service: string;
  /** Demanded region; any where it is left out. */
  region?: string;
  /** SHA-256 of the body in hex where the caller has it already. */
  payloadHash?: string;
  /** The day's key of an access key id (`signingKey` of sigv4.ts over its secret), or null where there is none. */
  signingKeyFor(accessKeyId: string, scope: SigningScope): Buffer | null;
}

export interface VerifiedRequest {
  accessKeyId: string;
  scope: SigningScope;
  /** For signing the request anew without hashing the body again. */
  payloadHash: string;
}

/** All of an Authorization header but the signature: the same in every request of one client on one day. */
interface Signer {
  accessKeyId: string;
  scope: SigningScope;
  /** As the string to sign has it. */
  scopeText: string;
  signedHeaders: string[];
  /** As the canonical request has them. */
  signedText: string;
  /** Whether each of REQUIRED_SIGNED is among them. */
  isSigned: boolean[];
}

/** Signers known by how they are written; a client's requests of one day differ in the signature alone. */
const signers = new Map<string, Signer>();
const SIGNERS_MAX = 1_024;
const SIGNER_BYTES_MAX = 1_024;
const SIGNATURE_CHARS = 64;
const SIGNATURE_FIELD = 'Signature=';

const CREDENTIAL = /^([^/\s,]{1,256})\/(\d{8})\/([A-Za-z0-9-]{1,64})\/([a-z0-9-]{1,32})\/aws4_request$/;
const AMZ_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const SIGNATURE = /^[0-9a-f]{64}$/;
/** Stands in for the key of an unknown id, so that both refusals take the same time. */
const NO_KEY = Buffer.alloc(32);

/** The one before, which is mostly the next one too: to compare texts costs a tenth of looking one up. */
let latest: { before: string; signer: Signer } | null = null;

/** Parts of an Authorization header, or null where it is none of ours. */
export function parseAuthorization(text: string): { signer: Signer; signature: string } | null {
  const at = text.length - SIGNATURE_CHARS;
  if (latest !== null && at === latest.before.length && text.startsWith(latest.before)) {
    const signature = text.slice(at);
    return SIGNATURE.test(signature) ? { signer: latest.signer, signature } : null;
  }
  const before = text.slice(0, at);
  const known = signers.get(before);
  if (known !== undefined) {
    latest = { before, signer: known };
    const signature = text.slice(at);
    return SIGNATURE.test(signature) ? { signer: known, signature } : null;
  }
  const parsed = parsedAuthorization(text);
  if (parsed !== null && before.endsWith(SIGNATURE_FIELD) && before.length <= SIGNER_BYTES_MAX) {
    if (signers.size >= SIGNERS_MAX) signers.clear();
    signers.set(before, parsed.signer);
  }
  return parsed;
}

function parsedAuthorization(text: string): { signer: Signer; signature: string } | null {
  if (text.length > AUTHORIZATION_BYTES_MAX || !text.startsWith(`${ALGORITHM} `)) return null;
  const fields = new Map<string, string>();
  for (const part of text.slice(ALGORITHM.length + 1).split(',')) {
    const at = part.indexOf('=');
    const name = part.slice(0, at).trim();
    if (at === -1 || fields.has(name)) return null;
    fields.set(name, part.slice(at + 1).trim());
  }
  const credential = CREDENTIAL.exec(fields.get('Credential') ?? '');
  const signature = fields.get('Signature') ?? '';
  const signedHeaders = (fields.get('SignedHeaders') ?? '').split(';');
  if (!credential || !SIGNATURE.test(signature) || !isSortedLowerCase(signedHeaders)) return null;
  const [, accessKeyId = '', date = '', region = '', service = ''] = credential;
  const scope = { date, region, service };
  const isSigned = REQUIRED_SIGNED.map((name) => signedHeaders.includes(name));
  const signedText = signedHeaders.join(';');
  const signer = { accessKeyId, scope, scopeText: scopeText(scope), signedHeaders, signedText, isSigned };
  return { signer, signature };
}

function isSortedLowerCase(names: string[]): boolean {
  return names.every((name, at) => {
    const before = names[at - 1];
    return name !== '' && name === name.toLowerCase() && (before === undefined || before < name);
  });
}

/** Checks a request as DynamoDB would; the body must be whole, for its bytes are part of what is signed. */
export function verifyRequest(options: VerifyOptions): Result<VerifiedRequest, SignatureFault> {
  const { headers } = options;
  const header = headers.authorization;
  if (typeof header !== 'string' || header === '') return err('missing');
  const authorization = parseAuthorization(header);
  const amzDate = headers['x-amz-date'];
  if (authorization === null || typeof amzDate !== 'string') return err('malformed');
  const atMs = timeOf(amzDate);
  if (atMs === null || headers.host === undefined) return err('malformed');
  const { signer, signature } = authorization;
  const { scope, signedHeaders, accessKeyId } = signer;
  const incomplete = incompleteness(signer, headers);
  if (incomplete !== null) return err(incomplete);
  if (scope.service !== options.service || !amzDate.startsWith(scope.date)) return err('scope');
  if (options.region !== undefined && scope.region !== options.region) return err('scope');
  if (Math.abs(options.nowMs - atMs) > CLOCK_SKEW_MS_MAX) return err('skew');

  const payloadHash = options.payloadHash ?? sha256Hex(options.body);
  const declared = headers['x-amz-content-sha256'];
  if (declared !== undefined && declared !== payloadHash) return err('body_hash');
  const canonical = canonicalRequest({
    method: options.method,
    path: options.path,
    headers,
    signedHeaders,
    signedText: signer.signedText,
    payloadHash,
  });
  const text = `${ALGORITHM}\n${amzDate}\n${signer.scopeText}\n${sha256Hex(canonical)}`;
  const key = options.signingKeyFor(accessKeyId, scope);
  EXPECTED.write(signatureOf(key ?? NO_KEY, text), 0, SIGNATURE_CHARS, 'latin1');
  GIVEN.write(signature, 0, SIGNATURE_CHARS, 'latin1');
  const isSame = timingSafeEqual(EXPECTED, GIVEN);
  if (key === null) return err('unknown_key');
  return isSame ? ok({ accessKeyId, scope, payloadHash }) : err('bad_signature');
}

/** Written anew for every comparison; both are as long as a signature, which SIGNATURE has seen to. */
const EXPECTED = Buffer.alloc(SIGNATURE_CHARS);
const GIVEN = Buffer.alloc(SIGNATURE_CHARS);

/** Headers that had to be signed and are not, or were signed and are not there. */
function incompleteness({ signedHeaders, isSigned }: Signer, headers: HeaderMap): SignatureFault | null {
  for (let at = 0; at < REQUIRED_SIGNED.length; at += 1) {
    if (!isSigned[at] && headers[REQUIRED_SIGNED[at] as string] !== undefined) return 'unsigned_header';
  }
  for (const name of signedHeaders) if (headers[name] === undefined) return 'malformed';
  return null;
}

let lastDate: { text: string; ms: number | null } = { text: '', ms: null };

/** Requests of one second say the same date. */
function timeOf(amzDate: string): number | null {
  if (lastDate.text !== amzDate) lastDate = { text: amzDate, ms: parsedTime(amzDate) };
  return lastDate.ms;
}

function parsedTime(amzDate: string): number | null {
  const match = AMZ_DATE.exec(amzDate);
  if (!match) return null;
  const [, year, month, day, hour, minute, second] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? null : ms;
}
