import { describe, expect, test } from 'vitest';
import { keyHash } from '@/lib/domain/item/key';
import { isBlockedAddress, isLoopback } from '../connection/endpoint-guard';
import { freeAlias, slugOf } from '../plan/create-plan';
import { etaRangeMs } from './eta';
import { sayKey } from './say-key';
import { stepMsOf } from './traffic-view';

describe('an ETA', () => {
  test('is a range, and there is none before 1 %, without a rate, or at the end', () => {
    expect(etaRangeMs({ done: 500, total: 1_000, itemsPerSecond: 100 })).toEqual([3_750, 6_250]);
    expect(etaRangeMs({ done: 9, total: 1_000, itemsPerSecond: 100 })).toBeNull();
    expect(etaRangeMs({ done: 500, total: 1_000, itemsPerSecond: null })).toBeNull();
    expect(etaRangeMs({ done: 1_000, total: 1_000, itemsPerSecond: 100 })).toBeNull();
  });
});

describe('a key on a screen', () => {
  test('is readable for whoever may read values, and a hash for others', () => {
    expect(sayKey('["S#USER#1","N#42"]', true)).toBe('USER#1 · 42');
    expect(sayKey('["S#USER#1","N#42"]', false)).toBe(`key ${keyHash('["S#USER#1","N#42"]')}`);
    expect(sayKey('not json', true)).toBe('not json');
    expect(sayKey(JSON.stringify([`S#${'x'.repeat(500)}`]), true).length).toBe(121);
  });
});

test('a chart has at most 180 points and steps no finer than reports', () => {
  expect([60_000, 300_000, 1_800_000, 86_400_000].map(stepMsOf)).toEqual([2_000, 2_000, 10_000, 600_000]);
});

test('aliases are letters, digits, _ and -, and never taken', () => {
  expect(slugOf('Orders → TerraScale (v2)')).toBe('Orders-TerraScale-v2');
  expect(slugOf('заказы')).toBe('plan');
  expect(freeAlias('orders', ['orders', 'orders-2'])).toBe('orders-3');
});

test('loopback is told by address, and metadata addresses are blocked in every spelling', () => {
  expect(['http://localhost:1', 'http://127.9.9.9', 'http://[::1]:8'].map(isLoopback)).toEqual([true, true, true]);
  expect(['http://example.com', 'http://10.0.0.1', 'http://127.evil.com'].map(isLoopback)).toEqual([
    false,
    false,
    false,
  ]);
  const blocked = [
    '169.254.1.1',
    '::ffff:169.254.169.254',
    'fe80::1',
    'fd00:ec2::254',
    '::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
  ];
  expect(blocked.map(isBlockedAddress)).toEqual(blocked.map(() => true));
  expect(['127.0.0.1', '::1', '10.1.2.3', '::ffff:127.0.0.1', 'fd00::1'].map(isBlockedAddress)).not.toContain(true);
});
