import { describe, expect, test } from 'vitest';
import { type DeadGatewayFacts, deadConditions } from './dead-gateway';

const PROVEN: DeadGatewayFacts = {
  gone: { by: 'Grace', atMs: 0 },
  keys: [{ connection: 'dynamodb', hint: '…AAAA', isRefused: true, probe: 'refused' }],
  refusedAtMs: 10_000,
  deltaMs: 5_000,
  nowMs: 20_000,
  tables: [{ name: 'orders', isClean: true }],
};
const unmet = (facts: DeadGatewayFacts) =>
  deadConditions(facts)
    .filter((one) => !one.met)
    .map((one) => one.condition);

describe('a gateway may be declared dead', () => {
  test('only when all four conditions are met', () => {
    expect(unmet(PROVEN)).toEqual([]);
    expect(unmet({ ...PROVEN, gone: null })).toEqual(['attested']);
    expect(unmet({ ...PROVEN, nowMs: 14_999 })).toEqual(['delta_passed']);
    expect(unmet({ ...PROVEN, tables: [{ name: 'orders', isClean: false }] })).toEqual(['verified']);
  });

  test('never while one key that it knew is accepted, and the key is named', () => {
    const keys = [...PROVEN.keys, { connection: 'terrascale', hint: '…BBBB', isRefused: false, probe: 'accepted' }];
    const facts = { ...PROVEN, keys, refusedAtMs: null };
    expect(unmet(facts)).toEqual(['keys_refused', 'delta_passed', 'verified']);
    expect(deadConditions(facts)[1]?.observed).toBe('terrascale …BBBB: accepted');
  });
});
