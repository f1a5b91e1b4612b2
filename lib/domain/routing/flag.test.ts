import { describe, expect, it } from 'vitest';
import type { Stage } from '../plan/stages';
import { routingOf } from '../plan/steps';
import { type FlagFacts, flagUnit, parseFlagKey, readFlag, routingFlag, stageFlag } from './flag';

const table = (stage: Stage, share = 0, more: Partial<FlagFacts> = {}): FlagFacts => ({
  tableName: 'orders',
  keyType: 'S',
  salt: 'orders:v1',
  routing: { ...routingOf('dual_write', stage, share), epoch: 7, shadowMilli: 0 },
  ...more,
});
/** Bucket 6,321 under this salt. */
const UNIT = 'S#tenant-42';
const clean = () => false;

describe('the read flag', () => {
  it('splits by the bucket of the typed key, and says how it decided', () => {
    expect(readFlag(table('shift', 6_322), UNIT, clean)).toMatchObject({ value: 'target', reason: 'SPLIT' });
    expect(readFlag(table('shift', 6_321), UNIT, clean)).toEqual({
      value: 'source',
      reason: 'SPLIT',
      variant: 'source',
      metadata: {
        ...{ table: 'orders', stage: 'shift', epoch: 7, pctMilli: 6_321, salt: 'orders:v1', bucket: 6_321 },
        why: 'bucket 6321 is not below 6321',
      },
    });
  });

  it.each([
    ['planned', 0, 'source', 'DISABLED'],
    ['dual_write', 0, 'source', 'STATIC'],
    ['verify', 0, 'source', 'STATIC'],
    ['shift', 0, 'source', 'STATIC'],
    ['shift', 100_000, 'target', 'STATIC'],
    ['target_first', 100_000, 'target', 'STATIC'],
    ['retired', 100_000, 'target', 'STATIC'],
  ] as const)('in %s at %i is %s, %s', (stage, share, value, reason) => {
    expect(readFlag(table(stage, share), UNIT, clean)).toMatchObject({ value, reason });
  });

  it('says source for a dirty key in shift, and leaves a flipped table on the target', () => {
    const dirty = () => true;
    expect(readFlag(table('shift', 100_000), UNIT, dirty)).toMatchObject({
      value: 'source',
      reason: 'TARGETING_MATCH',
    });
    expect(readFlag(table('target_first'), UNIT, dirty)).toMatchObject({ value: 'target', reason: 'STATIC' });
  });

  it('is off, with a value all the same, while writes are frozen or nothing is published', () => {
    const frozen = { ...routingOf('big_bang', 'frozen', 0), epoch: 2, shadowMilli: 0 };
    for (const routing of [frozen, null])
      expect(readFlag(table('shift', 0, { routing }), UNIT, clean)).toMatchObject({
        value: 'source',
        reason: 'DISABLED',
      });
  });
});

describe('a targeting key', () => {
  it.each([
    ['tenant-42', 'S', 'S#tenant-42'],
    ['1e3', 'N', 'N#1000'],
    ['+1.0', 'N', 'N#1'],
    ['AQI=', 'B', 'B#AQI='],
  ] as const)('%s of type %s is %s', (text, type, unit) => expect(flagUnit(text, type)).toBe(unit));

  it.each([
    [undefined, 'S', 'TARGETING_KEY_MISSING'],
    ['', 'N', 'TARGETING_KEY_MISSING'],
    ['twelve', 'N', 'INVALID_CONTEXT'],
    ['***', 'B', 'INVALID_CONTEXT'],
    ['x'.repeat(3_000), 'S', 'INVALID_CONTEXT'],
  ] as const)('%s of type %s is refused with %s', (text, type, errorCode) =>
    expect(flagUnit(text, type)).toMatchObject({ errorCode }),
  );
});

describe('the other flags', () => {
  it('carry what a data plane needs that buckets by itself', () => {
    expect(routingFlag(table('shift', 50_000)).value).toEqual({
      ...{ stage: 'shift', writes: 'source_target', reads: 'share', pctMilli: 50_000, shadowMilli: 0 },
      ...{ salt: 'orders:v1', epoch: 7, fallback: true, keyType: 'S' },
    });
    expect(stageFlag(table('backup'))).toMatchObject({ value: 'backup', reason: 'STATIC', variant: 'backup' });
    expect(stageFlag(table('shift', 0, { routing: null }))).toMatchObject({ value: 'planned', reason: 'DISABLED' });
  });

  it('have names of two aliases and a kind, and nothing else', () => {
    expect(parseFlagKey('shop-1.orders_v2.read')).toEqual({ plan: 'shop-1', table: 'orders_v2', kind: 'read' });
    for (const wrong of ['orders.read', 'a.b.write', 'a.b.c.read', 'a/b.c.read', '..read', 'ä.b.read', ''])
      expect(parseFlagKey(wrong)).toBeNull();
  });
});
