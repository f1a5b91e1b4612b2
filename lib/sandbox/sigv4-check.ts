/** Checks AWS Signature Version 4 as DynamoDB does; written for the sandbox alone, so that it can judge our signers. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const SKEW_MS_MAX = 5 * 60_000;

export interface SignedRequest {
  method: string;
  /** Path with its query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}
export type SignatureVerdict = { ok: true; accessKeyId: string } | { ok: false; type: string; message: string };

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer | string, data: string) => createHmac('sha256', key).update(data).digest();

const refuse = (type: string, message: string): SignatureVerdict => ({
  ok: false,
  type: `com.amazon.coral.service#${type}`,
  message,
});

const part = (header: string, name: string): string | null => new RegExp(`${name}=([^, ]+)`).exec(header)?.[1] ?? null;

/** The access key id that a request names, signed or not: TerraScale's API key stands there. */
export const accessKeyIdOf = (headers: IncomingHttpHeaders): string | null =>
  part(headers.authorization ?? '', 'Credential')?.split('/')[0] ?? null;

function canonicalRequest(request: SignedRequest, signedHeaders: string): string {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  searchParams.sort();
  const headers = signedHeaders
    .split(';')
    .map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/\s+/g, ' ')}\n`,
    )
    .join('');
  return [request.method, pathname, searchParams.toString(), headers, signedHeaders, sha256(request.body)].join('\n');
}

/** `secretOf` gives null for a key that does not exist; the answer does not say which of the two was wrong. */
export function checkSignature(
  request: SignedRequest,
  secretOf: (accessKeyId: string) => string | null,
  nowMs = Date.now(),
): SignatureVerdict {
  const header = request.headers.authorization;
  if (!header) return refuse('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
  const [accessKeyId, day, region, service, end] = (part(header, 'Credential') ?? '').split('/');
  const signedHeaders = part(header, 'SignedHeaders');
  const signature = part(header, 'Signature');
  const stamp = String(request.headers['x-amz-date'] ?? '');
  const at = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp);
  if (
    !accessKeyId ||
    !signedHeaders ||
    !signature ||
    !at ||
    end !== 'aws4_request' ||
    !header.startsWith('AWS4-HMAC-SHA256 ')
  ) {
    return refuse('IncompleteSignatureException', 'The Authorization header is not a complete signature');
  }
  const [, year, month, date, hour, minute, second] = at.map(Number);
  const signedAtMs = Date.UTC(year!, month! - 1, date, hour, minute, second);
  if (Math.abs(nowMs - signedAtMs) > SKEW_MS_MAX) {
    return refuse('InvalidSignatureException', `Signature expired: ${stamp} is not within five minutes of now`);
  }
  const names = signedHeaders.split(';');
  if (service !== 'dynamodb' || !stamp.startsWith(day ?? '-') || !names.includes('host')) {
    return refuse(
      'InvalidSignatureException',
      'Credential should be scoped to dynamodb and the date, with a signed host',
    );
  }
  const secret = secretOf(accessKeyId);
  if (secret === null) {
    return refuse('UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  const scope = `${day}/${region}/dynamodb/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonicalRequest(request, signedHeaders))].join('\n');
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day!), region!), 'dynamodb'), 'aws4_request');
  const expected = hmac(key, toSign);
  const given = Buffer.from(signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return refuse(
      'InvalidSignatureException',
      'The request signature we calculated does not match the one you provided.',
    );
  }
  return { ok: true, accessKeyId };
}
