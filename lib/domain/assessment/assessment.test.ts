import { describe, expect, test } from 'vitest';
import { type AssessmentEvidence, checksOf } from './assess';
import { CHECKS } from './checks';
import { type ForecastInput, forecastOf, sayForecast } from './forecast';
import { isReservedWord, RESERVED_WORDS_COUNT } from './reserved-words';
import { LARGE_ITEM_BYTES, sampleOf } from './sample';
import type { TargetProof } from './target-proof';

const LIMITS = {
  requestsPerSecond: 1_000,
  itemsPerSecond: 5_000,
  readUnitsPerSecond: null,
  requestsPerMonth: null,
  liveReserveMilli: 0,
};
const input = (more: Partial<ForecastInput> = {}): ForecastInput => ({
  itemCount: 100_000,
  sizeBytes: 100_000 * 1_024,
  liveWritesPerSecond: null,
  source: LIMITS,
  target: LIMITS,
  ...more,
});

describe('the forecast', () => {
  test('counts N/25 writes, and reads of N/100 and a scan for each of two verifications', () => {
    const forecast = forecastOf(input());
    expect(forecast.copyRequests).toBe(4_000);
    expect(forecast.verifyRequests).toBe(2 * (1_000 + 98));
    expect(forecast.requestsPerMonth).toBe(4_000 + 2 * 1_098);
  });

  test('fills batches by bytes where items are large', () => {
    const forecast = forecastOf(input({ itemCount: 100, sizeBytes: 100 * 400 * 1_024 }));
    expect(forecast.copyRequests).toBe(10);
  });

  test('adds one request for each live write of a month', () => {
    const forecast = forecastOf(input({ liveWritesPerSecond: 10 }));
    expect(forecast.liveRequestsPerMonth).toBe(25_920_000);
  });

  test('names what binds first', () => {
    expect(forecastOf(input()).bindsFirst).toContain('item rate');
    expect(forecastOf(input({ target: { ...LIMITS, requestsPerSecond: 1 } })).bindsFirst).toContain('request rate');
    expect(forecastOf(input({ source: { ...LIMITS, readUnitsPerSecond: 10 } })).bindsFirst).toContain('read units');
    const quota = forecastOf(input({ itemCount: 100_000_000, target: { ...LIMITS, requestsPerMonth: 1_000_000 } }));
    expect(quota.bindsFirst).toContain('monthly quota');
  });

  test('keeps the reserve of live traffic out of the rate', () => {
    const whole = forecastOf(input()).hours;
    const half = { ...LIMITS, liveReserveMilli: 50_000 };
    expect(forecastOf(input({ source: half, target: half })).hours).toBeCloseTo(whole * 2);
  });

  test('of an empty table is nothing, in words too', () => {
    const forecast = forecastOf(input({ itemCount: 0, sizeBytes: 0 }));
    expect(forecast).toMatchObject({ requestsPerMonth: 0, hours: 0, readCostUsd: 0 });
    expect(sayForecast(forecast)).toContain('0 requests to copy');
  });
});

describe('the sample', () => {
  test('finds reserved and perilous names and unknown types, and keeps no value', () => {
    const items = [
      JSON.parse('{"id":{"S":"secret-value"},"status":{"S":"x"},"__proto__":{"N":"1"}}'),
      JSON.parse('{"id":{"S":"b"},"odd":{"Q":"1"}}'),
    ];
    const sample = sampleOf(items, true);
    expect(sample).toMatchObject({
      items: 2,
      reservedNames: ['status'],
      perilousNames: ['__proto__'],
      unknownTypes: ['Q'],
      types: { S: 2, N: 1, Q: 1 },
    });
    expect(JSON.stringify(sample)).not.toContain('secret-value');
  });

  test('knows every reserved word, whatever its capitals', () => {
    expect(RESERVED_WORDS_COUNT).toBe(573);
    expect(['ABORT', 'zone', 'Status', 'tenant'].map(isReservedWord)).toEqual([true, true, true, false]);
  });
});

describe('the checks', () => {
  const key = { partition: { name: 'tenant', type: 'S' }, sort: null } as const;
  const described = { key, itemCount: 10, sizeBytes: 1_000, indexes: [], streamView: null, ttlAttribute: null };
  const evidence = (more: Partial<AssessmentEvidence> = {}): AssessmentEvidence => ({
    tableName: 'orders',
    targetName: 'orders',
    targetKind: 'terrascale',
    strategy: 'dual_write',
    key,
    source: { described, detail: 'answered', latencyMs: 3 },
    targetReachable: { ok: true, detail: 'answered', latencyMs: 3 },
    proof: { state: 'proven', consistentRead: true, sortOrder: true, detail: 'proven' },
    sample: sampleOf([], true),
    mappings: [],
    ground: { key, ttlAttribute: null, indexKeys: [] },
    roundTrip: { atMs: 1, by: 'Ada', cases: { S: 12 }, differences: [], requests: 2, left: 0, scratch: 'x' },
    forecast: forecastOf(input()),
    isLiveMeasured: true,
    ...more,
  });
  const stateOf = (given: AssessmentEvidence, check: string) =>
    checksOf(given).find((one) => one.check === check)?.state;

  test('are all there, in their order, and all pass for a plain table', () => {
    const checks = checksOf(evidence());
    expect(checks.map((one) => one.check)).toEqual([...CHECKS]);
    expect(checks.every((one) => one.state === 'passed' && one.fix === '')).toBe(true);
  });

  test('never pass what could not be looked at', () => {
    const blind = evidence({
      source: { described: null, detail: 'no answer', latencyMs: 5_000 },
      targetReachable: { ok: false, detail: 'no answer', latencyMs: 5_000 },
      proof: { state: 'unreachable', detail: 'no answer' },
      sample: null,
      ground: null,
      roundTrip: null,
      forecast: null,
    });
    const checks = checksOf(blind);
    expect(checks.filter((one) => one.state === 'passed' || one.state === 'warned')).toEqual([]);
    expect(checks.every((one) => one.fix !== '' && one.observed !== '')).toBe(true);
  });

  test.each<[TargetProof, string, string]>([
    [{ state: 'missing', detail: 'no table' }, 'failed', 'unknown'],
    [{ state: 'differs', detail: 'other', targetKey: null }, 'failed', 'unknown'],
    [{ state: 'may_not_write', mayRead: true, detail: 'denied' }, 'unknown', 'failed'],
    [{ state: 'proven', consistentRead: false, sortOrder: true, detail: '' }, 'failed', 'passed'],
    [{ state: 'proven', consistentRead: true, sortOrder: false, detail: '' }, 'warned', 'passed'],
  ])('judge the target by its proof: %o', (proof, structure, writes) => {
    const given = evidence({ proof });
    expect([stateOf(given, 'target_structure'), stateOf(given, 'target_key_writes')]).toEqual([structure, writes]);
  });

  test('warn of what has no counterpart, and of TTL as something to confirm', () => {
    const rich = {
      ...described,
      indexes: [{ name: 'byDay', kind: 'global' as const }],
      streamView: 'NEW_IMAGE',
      ttlAttribute: 'expires',
    };
    const given = evidence({ source: { described: rich, detail: '', latencyMs: 1 } });
    expect(['indexes', 'streams', 'ttl'].map((check) => stateOf(given, check))).toEqual(['warned', 'warned', 'warned']);
    expect(checksOf(given).find((one) => one.check === 'ttl')?.fix).toContain('Confirm');
  });

  test('fail a key that is no longer the plan’s, a quota that is too small, and warn of large items', () => {
    const other = { ...described, key: { partition: { name: 'id', type: 'S' as const }, sort: null } };
    expect(stateOf(evidence({ source: { described: other, detail: '', latencyMs: 1 } }), 'key_schema')).toBe('failed');
    const small = forecastOf(input({ target: { ...LIMITS, requestsPerMonth: 100 } }));
    expect(stateOf(evidence({ forecast: small }), 'quota')).toBe('failed');
    const large = { ...sampleOf([], true), items: 1, bytesTotal: LARGE_ITEM_BYTES + 1, bytesMax: LARGE_ITEM_BYTES + 1 };
    expect(stateOf(evidence({ sample: large }), 'item_size')).toBe('warned');
  });
});
