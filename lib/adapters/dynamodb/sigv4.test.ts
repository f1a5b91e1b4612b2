import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SignOptions, signRequest } from './sign';
import { signingKey } from './sigv4';
import { parseAuthorization, type VerifyOptions, verifyRequest } from './verify';

/** The hash class that the reference signer asks for, over node:crypto. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Buffer);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data as Buffer);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {}
}

const nowMs = Date.UTC(2026, 10, 22, 13, 50, 32);
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const base: SignOptions = {
  method: 'POST',
  path: '/',
  headers: {
    host: 'dynamodb.eu-west-1.amazonaws.com',
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.GetItem',
  },
  body: '{"TableName":"orders"}',
  credentials,
  region: 'eu-west-1',
  service: 'dynamodb',
  nowMs,
};

async function referenceSignature(options: SignOptions): Promise<string> {
  const signer = new SignatureV4({
    credentials: options.credentials,
    region: options.region,
    service: options.service,
    sha256: Sha256 as never,
    applyChecksum: false,
  });
  const [path = '/', query = ''] = options.path.split('?');
  const entries = query === '' ? [] : query.split('&').map((pair) => pair.split('=').map(decodeURIComponent));
  const signed = await signer.sign(
    {
      method: options.method,
      protocol: 'https:',
      hostname: options.headers.host as string,
      path,
      query: Object.fromEntries(entries),
      headers: { ...options.headers },
      body: options.body,
    },
    { signingDate: new Date(options.nowMs) },
  );
  return signed.headers.authorization as string;
}

describe('signing', () => {
  const signatureIn = (authorization: string | undefined) => /Signature=(\w+)/.exec(authorization ?? '')?.[1];

  test.each<[string, Partial<SignOptions>]>([
    ['a plain request', {}],
    ['a session token', { credentials: { ...credentials, sessionToken: 'FQoGZXIvYXdzE//token+==' } }],
    ['a body in UTF-8', { body: '{"S":"клиент 😀"}' }],
    ['an empty body', { body: '' }],
    ['a path prefix', { path: '/tenant-7/dynamo' }],
    ['a path that is encoded already', { path: '/a%20b/c' }],
    ['a query', { path: '/?b=2&a=x%20y&a1=%2B' }],
    ['header values with spaces', { headers: { ...base.headers, 'x-amz-meta': '  a   b ' } }],
  ])('agrees with the reference signer for %s', async (_what, change) => {
    const options = { ...base, ...change };
    const [ours, theirs] = [signRequest(options).authorization, await referenceSignature(options)];
    expect(signatureIn(ours)).toBe(signatureIn(theirs));
    expect(ours).toContain(`Credential=AKIDEXAMPLE/20261122/eu-west-1/dynamodb/aws4_request`);
  });

  test('agrees with the reference signer for any secret, body and time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1 }),
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) }),
        async (secretAccessKey, body, atMs) => {
          const options = { ...base, credentials: { accessKeyId: 'A', secretAccessKey }, body, nowMs: atMs };
          expect(signatureIn(signRequest(options).authorization)).toBe(signatureIn(await referenceSignature(options)));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('derives the key of a day once', () => {
    const scope = { date: '20261122', region: 'eu-west-1', service: 'dynamodb' };
    expect(signingKey('secret', scope)).toBe(signingKey('secret', scope));
    expect(signingKey('secret', { ...scope, date: '20261123' })).not.toEqual(signingKey('secret', scope));
    expect(signingKey('other', scope)).not.toEqual(signingKey('secret', scope));
  });
});

describe('verifying', () => {
  const secrets = new Map([[credentials.accessKeyId, credentials.secretAccessKey]]);
  const received = (change: Partial<VerifyOptions> = {}, signed: Partial<SignOptions> = {}): VerifyOptions => ({
    method: 'POST',
    path: base.path,
    headers: signRequest({ ...base, ...signed }),
    body: base.body,
    nowMs,
    service: 'dynamodb',
    signingKeyFor: (id, scope) => {
      const secret = secrets.get(id);
      return secret === undefined ? null : signingKey(secret, scope);
    },
    ...change,
  });
  const faultOf = (options: VerifyOptions) => {
    const result = verifyRequest(options);
    return result.ok ? null : result.error;
  };
  const withHeaders = (change: Record<string, string | undefined>) => {
    const options = received();
    return { ...options, headers: { ...options.headers, ...change } };
  };

  test('believes what it would have signed itself and hands the hash on', () => {
    const result = verifyRequest(received());
    expect(result.ok && result.value).toEqual({
      accessKeyId: 'AKIDEXAMPLE',
      scope: { date: '20261122', region: 'eu-west-1', service: 'dynamodb' },
      payloadHash: createHash('sha256').update(base.body).digest('hex'),
    });
  });

  test('believes the reference signer', async () => {
    const headers = { ...signRequest(base), authorization: await referenceSignature(base) };
    expect(faultOf({ ...received(), headers })).toBeNull();
  });

  test('allows five minutes of clock skew and no more', () => {
    expect(faultOf(received({ nowMs: nowMs + 300_000 }))).toBeNull();
    expect(faultOf(received({ nowMs: nowMs - 300_000 }))).toBeNull();
    expect(faultOf(received({ nowMs: nowMs + 300_001 }))).toBe('skew');
    expect(faultOf(received({ nowMs: nowMs - 300_001 }))).toBe('skew');
  });

  test.each<[string, () => VerifyOptions]>([
    ['missing', () => withHeaders({ authorization: undefined })],
    ['malformed', () => withHeaders({ authorization: 'Bearer abc' })],
    ['malformed', () => withHeaders({ 'x-amz-date': 'yesterday' })],
    ['malformed', () => withHeaders({ 'x-amz-date': undefined })],
    ['malformed', () => withHeaders({ 'content-type': undefined })],
    ['unsigned_header', () => withHeaders({ 'x-amz-security-token': 'added' })],
    ['scope', () => received({ region: 'us-east-1' })],
    ['scope', () => received({ service: 's3' })],
    ['scope', () => withHeaders({ 'x-amz-date': '20261121T235032Z' })],
    ['body_hash', () => withHeaders({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' })],
    ['body_hash', () => withHeaders({ 'x-amz-content-sha256': '0'.repeat(64) })],
    ['unknown_key', () => received({ signingKeyFor: () => null })],
    ['bad_signature', () => received({ body: `${base.body} ` })],
    ['bad_signature', () => received({ path: '/?x=1' })],
    ['bad_signature', () => received({ method: 'PUT' })],
    ['bad_signature', () => withHeaders({ 'x-amz-target': 'DynamoDB_20120810.DeleteItem' })],
    ['bad_signature', () => withHeaders({ host: 'elsewhere' })],
    ['bad_signature', () => received({}, { credentials: { ...credentials, secretAccessKey: 'guess' } })],
  ])('says %s', (fault, options) => expect(faultOf(options())).toBe(fault));

  test('a signature over a subset of the demanded headers is refused', () => {
    const { 'x-amz-target': target, ...headers } = base.headers as Record<string, string>;
    const options = received({}, { headers });
    expect(faultOf({ ...options, headers: { ...options.headers, 'x-amz-target': target } })).toBe('unsigned_header');
  });

  test('no changed byte of the Authorization header is believed', () => {
    const authorization = signRequest(base).authorization as string;
    fc.assert(
      fc.property(fc.nat(authorization.length - 1), fc.constantFrom(...'0aZ/,=; '), (at, char) => {
        fc.pre(authorization[at] !== char);
        const changed = authorization.slice(0, at) + char + authorization.slice(at + 1);
        const isSpacing = changed.replaceAll(' ', '') === authorization.replaceAll(' ', '');
        if (!isSpacing) expect(faultOf(withHeaders({ authorization: changed }))).not.toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    'AWS4-HMAC-SHA256',
    'AWS4-HMAC-SHA256 ',
    'AWS4-HMAC-SHA256 Credential=a/20261122/r/dynamodb/aws4_request',
    `AWS4-HMAC-SHA256 Credential=a/2026/r/dynamodb/aws4_request, SignedHeaders=host, Signature=${'a'.repeat(64)}`,
    `AWS4-HMAC-SHA256 Credential=a/20261122/r/dynamodb/aws4_request, SignedHeaders=host;a, Signature=${'a'.repeat(64)}`,
    `AWS4-HMAC-SHA256 Credential=a/20261122/r/dynamodb/aws4_request, SignedHeaders=Host, Signature=${'a'.repeat(64)}`,
    `AWS4-HMAC-SHA256 Credential=a/20261122/r/dynamodb/aws4_request, SignedHeaders=host, Signature=zz`,
    'x'.repeat(10_000),
  ])('%s is no Authorization header', (text) => expect(parseAuthorization(text)).toBeNull());
});
