/** What a stranger can learn at the door: nothing of which keys exist, neither by words nor by time. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signRequest } from '@/lib/adapters/dynamodb/sign';
import { createLog } from '@/lib/adapters/log';
import { createSealer } from '@/lib/adapters/sealing';
import { Authorizer, outOfScope, type Verdict } from './authorize';

const NOW_MS = Date.UTC(2026, 10, 26, 12);
const BODY = Buffer.from('{"TableName":"orders"}');
const KEY = { accessKeyId: 'LFKNOWN', secretAccessKey: 'the secret' };

function scene() {
  const sealer = createSealer(randomBytes(32).toString('hex'));
  const clock = { nowMs: () => NOW_MS, monotonicMs: () => 0 };
  const authorizer = new Authorizer(sealer, clock, createLog({ process: 'test', level: 'silent' }));
  const row = {
    accessKeyId: KEY.accessKeyId,
    application: 'shop',
    secretSealed: sealer.seal(KEY.secretAccessKey, 'gateway-key'),
  };
  authorizer.update([{ ...row, tables: ['orders'], operations: null }]);
  return authorizer;
}

const signed = (given: Partial<typeof KEY & { atMs: number; region: string; body: Buffer }> = {}) =>
  signRequest({
    ...{
      method: 'POST',
      path: '/',
      body: given.body ?? BODY,
      region: given.region ?? 'eu-central-1',
      service: 'dynamodb',
    },
    nowMs: given.atMs ?? NOW_MS,
    headers: {
      host: 'gateway',
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.GetItem',
    },
    credentials: {
      accessKeyId: given.accessKeyId ?? KEY.accessKeyId,
      secretAccessKey: given.secretAccessKey ?? KEY.secretAccessKey,
    },
  });
const ask = (authorizer: Authorizer, headers: Record<string, string>, body = BODY): Verdict =>
  authorizer.verify({ path: '/', headers, body });
/** All but the request id. */
const said = (verdict: Verdict) => (verdict.ok ? 'ok' : `${verdict.answer.status} ${verdict.answer.body}`);

describe('the door of a gateway', () => {
  it('says the same of an unknown key and of a wrong signature', () => {
    const authorizer = scene();
    expect(ask(authorizer, signed()).ok).toBe(true);
    const wrong = said(ask(authorizer, signed({ secretAccessKey: 'guessed' })));
    expect(said(ask(authorizer, signed({ accessKeyId: 'LFNOBODY' })))).toBe(wrong);
    expect(wrong).toContain('UnrecognizedClientException');
  });

  it('takes as long for an unknown key as for a known one, in a region that was never asked for', () => {
    const authorizer = scene();
    const took: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    for (let round = 0; round < 1_500; round += 1) {
      for (const [kind, accessKeyId] of [
        ['known', KEY.accessKeyId],
        ['unknown', 'LFNOBODY'],
      ] as const) {
        const headers = signed({ accessKeyId, secretAccessKey: 'guessed', region: `region-${kind}-${round}` });
        const startedAt = process.hrtime.bigint();
        ask(authorizer, headers);
        took[kind].push(Number(process.hrtime.bigint() - startedAt));
      }
    }
    const median = (values: number[]) => values.sort((a, b) => a - b)[values.length / 2] as number;
    const ratio = median(took.known) / median(took.unknown);
    expect(ratio).toBeGreaterThan(0.8);
    expect(ratio).toBeLessThan(1.25);
  });

  it('refuses what is more than five minutes from its clock, on either side', () => {
    const authorizer = scene();
    for (const sign of [1, -1]) {
      expect(ask(authorizer, signed({ atMs: NOW_MS + sign * 299_000 })).ok).toBe(true);
      expect(said(ask(authorizer, signed({ atMs: NOW_MS + sign * 301_000 })))).toContain('InvalidSignatureException');
    }
  });

  it('believes the bytes that came, whatever their declared hash says', () => {
    const authorizer = scene();
    const other = Buffer.from('{"TableName":"others"}');
    const headers = signed();
    expect(said(ask(authorizer, headers, other))).toContain('UnrecognizedClientException');
    const declared = { ...signed({ body: other }), 'x-amz-content-sha256': '0'.repeat(64) };
    expect(said(ask(authorizer, declared, other))).toContain('InvalidSignatureException');
  });

  it('looks at the scope of a key only once its signature is proven', () => {
    const authorizer = scene();
    const guessed = ask(authorizer, signed({ secretAccessKey: 'guessed' }));
    expect(guessed.ok).toBe(false);
    const proven = ask(authorizer, signed());
    if (!proven.ok) throw new Error('refused');
    const outside = outOfScope(proven.key, { operation: 'GetItem', body: Buffer.from('{"TableName":"users"}') });
    expect(outside?.body.toString()).toContain('AccessDeniedException');
    expect(outOfScope(proven.key, { operation: 'GetItem', body: BODY })).toBeNull();
  });

  it('counts what it refused', () => {
    const authorizer = scene();
    const faults: string[] = [];
    authorizer.onDenied = (fault) => faults.push(fault);
    ask(authorizer, signed({ accessKeyId: 'LFNOBODY' }));
    ask(authorizer, signed({ secretAccessKey: 'guessed' }));
    ask(authorizer, {});
    expect(faults).toEqual(['unknown_key', 'bad_signature', 'missing']);
  });
});
