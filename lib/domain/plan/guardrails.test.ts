import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { greenFacts } from '@/lib/testing/green-facts';
import { checkGate } from './gates';
import { GUARD_RANK, GUARD_RULES, GUARDS } from './guard-rules';
import { evaluateGuardrails, GUARDRAIL_WINDOW_MS, rollBacks, type WindowCounts } from './guardrails';

const healthy: WindowCounts = {
  windowMs: GUARDRAIL_WINDOW_MS,
  readShareMilli: 10_000,
  readsTarget: 1_000,
  readsFallback: 0,
  readsSource: 9_000,
  writes: 500,
  mirrored: 500,
  mirrorFailed: 0,
  targetErrors: 0,
  sourceErrors: 0,
  dirtyCount: 0,
  dirtyOldestMs: null,
  mismatchesOpen: 0,
  telemetryAgeMs: 500,
  gatewaysRegistered: 2,
  gatewaysAcknowledged: 2,
  epochAgeMs: 60_000,
  requests: 10_500,
  userErrors: 0,
  targetP99Ms: 20,
  sourceP99Ms: 20,
  dirtyCountMax: 1_000,
  modes: {},
  earlier: [],
  shadow: {
    milli: 1_000,
    compared: 20_000,
    differing: 0,
    dropped: 0,
    failed: 0,
    reads: 100_000,
    missing: 0,
    missingCompared: 10_000,
    fallbackMissing: 0,
    fallbackReads: 5_000,
  },
};
const stateOf = (over: Partial<WindowCounts>, name: string) =>
  evaluateGuardrails({ ...healthy, ...over }).find((rail) => rail.name === name)?.state;

describe('guardrails', () => {
  test('are all green on a healthy table', () => {
    expect(evaluateGuardrails(healthy).map((rail) => rail.state)).toEqual(Array(11).fill('ok'));
    expect(new Set(evaluateGuardrails(healthy).map((rail) => rail.name))).toEqual(new Set(GUARD_RULES));
  });

  test('say "no data" where data is missing, never "ok"', () => {
    expect(stateOf({ telemetryAgeMs: null }, 'telemetry_age')).toBe('no_data');
    const silent = { readsTarget: 0, readsFallback: 0, mirrored: 0, mirrorFailed: 0 };
    expect(stateOf(silent, 'fallback')).toBe('no_data');
    expect(stateOf(silent, 'target_errors')).toBe('no_data');
  });

  test('hold no small share of a table whose few partition keys are all outside of it, but say that it proves nothing', () => {
    const outside = { readShareMilli: 1_000, readsTarget: 0, readsFallback: 0, mirrored: 0, mirrorFailed: 0 };
    expect(stateOf(outside, 'fallback')).toBe('ok');
    expect(stateOf({ ...outside, readsSource: 10 }, 'fallback')).toBe('no_data');
    expect(stateOf({ ...outside, readShareMilli: 50_000 }, 'fallback')).toBe('no_data');
    const facts = greenFacts({ stage: 'shift', desiredShareMilli: 1_000, observedShareMilli: 0 });
    expect(checkGate('reads_observed', facts, {}).met).toBe(true);
    expect(checkGate('reads_observed', { ...facts, desiredShareMilli: 10_000 }, {}).met).toBe(false);
    expect(checkGate('reads_observed', { ...facts, observedShareMilli: null, routableReads: 0 }, {}).met).toBe(false);
  });

  test('leave fall-back out while no read goes to the target, so the first step can be taken', () => {
    const rails = evaluateGuardrails({ ...healthy, readShareMilli: 0, readsTarget: 0, mirrored: 0, writes: 0 });
    expect(rails.some((rail) => rail.name === 'fallback')).toBe(false);
    expect(rails.every((rail) => rail.state === 'ok')).toBe(true);
  });

  test('warn before they trip, and trip on rates and not on one failure among few', () => {
    expect(stateOf({ targetErrors: 8 }, 'target_errors')).toBe('warn');
    expect(stateOf({ targetErrors: 20 }, 'target_errors')).toBe('tripped');
    expect(stateOf({ readsTarget: 9, readsFallback: 1 }, 'fallback')).toBe('warn');
    expect(stateOf({ readsTarget: 7, readsFallback: 3 }, 'fallback')).toBe('tripped');
    expect(stateOf({ mirrorFailed: 1 }, 'mirror_failures')).toBe('warn');
    expect(stateOf({ mirrorFailed: 20 }, 'mirror_failures')).toBe('tripped');
    expect(stateOf({ sourceErrors: 500 }, 'source_errors')).toBe('tripped');
  });

  test('trip on old dirty keys, open mismatches, silent gateways and an epoch that is not obeyed', () => {
    expect(stateOf({ dirtyCount: 1, dirtyOldestMs: 15_000 }, 'dirty_age')).toBe('warn');
    expect(stateOf({ dirtyCount: 1, dirtyOldestMs: 90_000 }, 'dirty_age')).toBe('tripped');
    expect(stateOf({ mismatchesOpen: 1 }, 'mismatches')).toBe('warn');
    expect(stateOf({ mismatchesOpen: 3 }, 'mismatches')).toBe('tripped');
    expect(stateOf({ telemetryAgeMs: 70_000 }, 'telemetry_age')).toBe('tripped');
    expect(stateOf({ gatewaysAcknowledged: 1 }, 'routing_epoch')).toBe('tripped');
    expect(stateOf({ gatewaysAcknowledged: 1, epochAgeMs: 1_000 }, 'routing_epoch')).toBe('warn');
  });

  const railOf = (over: Partial<WindowCounts>, name: string) =>
    evaluateGuardrails({ ...healthy, ...over }).find((rail) => rail.name === name);
  const shadow = (over: Partial<WindowCounts['shadow']>) => ({ shadow: { ...healthy.shadow, ...over } });
  const minute = { ...healthy, targetErrors: 200 };

  test('go up by what shadow reads confirmed: one warns, three pause, ten or more than 0.1 % take reads back', () => {
    expect(railOf(shadow({ differing: 1 }), 'mismatches')?.action).toBe('warn');
    expect(railOf(shadow({ differing: 3 }), 'mismatches')?.action).toBe('pause');
    expect(railOf(shadow({ differing: 10 }), 'mismatches')?.action).toBe('roll_back');
    expect(railOf({ mismatchesOpen: 12 }, 'mismatches')?.action).toBe('roll_back');
    expect(railOf(shadow({ differing: 9, compared: 500 }), 'mismatches')?.action).toBe('pause');
    expect(railOf(shadow({ missing: 10 }), 'missing')?.action).toBe('roll_back');
    // A write between the two questions of a fall-back looks the same: many of them pause, none takes reads back.
    expect(railOf(shadow({ fallbackMissing: 50 }), 'missing')?.action).toBe('pause');
    expect(railOf(shadow({ fallbackMissing: 2 }), 'missing')?.action).toBe('warn');
  });

  test('want more than one bad minute before errors take reads back', () => {
    expect(railOf(minute, 'target_errors')?.action).toBe('pause');
    expect(railOf({ ...minute, earlier: [minute] }, 'target_errors')?.action).toBe('roll_back');
    const users = { ...healthy, userErrors: 300 };
    expect(railOf({ ...users, earlier: [users] }, 'user_errors')?.action).toBe('roll_back');
    const both = { ...users, sourceErrors: 300 };
    expect(railOf({ ...both, earlier: [both] }, 'user_errors')?.action).toBe('pause');
    const late = { ...healthy, targetP99Ms: 200 };
    expect(railOf({ ...late, earlier: [late, late] }, 'slow')?.action).toBe('roll_back');
    expect(railOf({ ...late, earlier: [late, healthy] }, 'slow')?.action).toBe('pause');
    expect(railOf({ readsTarget: 900, readsFallback: 100 }, 'fallback')?.action).toBe('roll_back');
  });

  test('say when they have too little, and hold where shadow reads compare nothing', () => {
    expect(stateOf(shadow({ compared: 40 }), 'mismatches')).toBe('not_enough');
    expect(stateOf(shadow({ compared: 0, failed: 90, dropped: 10 }), 'mismatches')).toBe('no_data');
    expect(stateOf(shadow({ milli: 0, compared: 0 }), 'mismatches')).toBe('ok');
    expect(stateOf({ readsTarget: 20 }, 'slow')).toBe('not_enough');
    const rails = evaluateGuardrails({ ...healthy, ...shadow({ compared: 0, failed: 90 }) });
    expect(checkGate('guardrails_green', greenFacts({ stage: 'shift', guardrails: rails }), {}).met).toBe(false);
    const few = evaluateGuardrails({ ...healthy, ...shadow({ compared: 40 }) });
    expect(checkGate('guardrails_green', greenFacts({ stage: 'shift', guardrails: few }), {}).met).toBe(true);
  });

  test('pause in every mode but off, take reads back by themselves only when on, and know which may be off', () => {
    const bad = shadow({ differing: 20 });
    expect(rollBacks(evaluateGuardrails({ ...healthy, ...bad })).map((rail) => rail.mode)).toEqual(['on']);
    const dry = evaluateGuardrails({ ...healthy, ...bad, modes: { mismatches: 'dry' } });
    expect(rollBacks(dry).map((rail) => [rail.mode, rail.state])).toEqual([['dry', 'tripped']]);
    const off = railOf({ ...minute, earlier: [minute], modes: { target_errors: 'off' } }, 'target_errors');
    expect(off).toMatchObject({ state: 'off', action: 'none' });
    for (const rule of ['mismatches', 'missing', 'dirty_age'] as const) expect(GUARDS[rule].modes).not.toContain('off');
    for (const rule of GUARD_RULES) expect(GUARDS[rule].modes).toContain(GUARDS[rule].mode);
  });

  test('never come down because more goes wrong, and a rule that only pauses never takes reads back', () => {
    const counts = fc.integer({ min: 0, max: 3_000 });
    fc.assert(
      fc.property(
        fc.record({ bad: counts, more: counts, reads: counts, open: fc.nat(20), differing: fc.nat(30) }),
        (at) => {
          const make = (bad: number): WindowCounts => {
            const one = { ...healthy, readsTarget: at.reads, targetErrors: bad, userErrors: bad, mirrorFailed: bad };
            const all = { ...one, sourceErrors: 0, mismatchesOpen: at.open + Math.min(bad, 3) };
            return { ...all, ...shadow({ differing: at.differing + bad }), earlier: [all, all] };
          };
          const [less, worse] = [evaluateGuardrails(make(at.bad)), evaluateGuardrails(make(at.bad + at.more))];
          for (const [index, rail] of worse.entries()) {
            const before = less[index];
            if (rail.name === 'target_errors' || rail.name === 'mismatches' || rail.name === 'user_errors')
              expect(GUARD_RANK[rail.action]).toBeGreaterThanOrEqual(GUARD_RANK[before?.action ?? 'none']);
            if (GUARDS[rail.name].modes.length === 1) expect(rail.action).not.toBe('roll_back');
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
