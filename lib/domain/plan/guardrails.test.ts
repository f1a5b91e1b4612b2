import { describe, expect, test } from 'vitest';
import { greenFacts } from '@/lib/testing/green-facts';
import { checkGate } from './gates';
import { evaluateGuardrails, GUARDRAIL_WINDOW_MS, type WindowCounts } from './guardrails';

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
};
const stateOf = (over: Partial<WindowCounts>, name: string) =>
  evaluateGuardrails({ ...healthy, ...over }).find((rail) => rail.name === name)?.state;

describe('guardrails', () => {
  test('are all green on a healthy table', () => {
    expect(evaluateGuardrails(healthy).map((rail) => rail.state)).toEqual(Array(8).fill('ok'));
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
});
