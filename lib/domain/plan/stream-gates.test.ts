import { describe, expect, it } from 'vitest';
import { greenFacts } from '@/lib/testing/green-facts';
import { decide } from './decide';
import type { StreamFacts } from './facts';
import type { Verb } from './moves';
import { headroomMsOf } from './stream-gates';

const OPERATOR = { id: 'usr_1', role: 'operator' as const };
const NOW_MS = greenFacts().nowMs;
const good: StreamFacts = {
  state: 'open',
  positionAtMs: NOW_MS - 1_000,
  canarySeenAtMs: NOW_MS - 500,
  lagMs: 2_000,
  besideGateway: 0,
  besideLastAtMs: null,
  fault: null,
};
const unmet = (verb: Verb, stream: StreamFacts | null) => {
  const stage = { begin_backfill: 'dual_write', begin_shift: 'verify', flip_writes: 'shift' }[verb as never] as never;
  const decision = decide(greenFacts({ stage, stream }), verb, OPERATOR);
  const gates = decision.ok ? decision.value.gates : decision.error.gates;
  return gates.filter((gate) => !gate.met && gate.gate !== 'approval_given');
};

describe('gates of a stream that is read beside the gateways', () => {
  it('stand only where one is read', () => {
    for (const verb of ['begin_backfill', 'begin_shift', 'flip_writes'] as const) {
      const decision = decide(greenFacts({ stage: 'dual_write', stream: null }), verb, OPERATOR);
      const gates = decision.ok ? decision.value.gates : decision.error.gates;
      expect(gates.map((gate) => gate.gate).filter((name) => /stream|beside/.test(name))).toEqual([]);
      expect(unmet(verb, good)).toEqual([]);
    }
  });

  it('let no backfill begin before the position is stored and a canary came through', () => {
    expect(unmet('begin_backfill', { ...good, positionAtMs: null })[0]?.observed).toBe('not opened yet');
    expect(unmet('begin_backfill', { ...good, canarySeenAtMs: null })[0]?.observed).toMatch(/no canary yet/);
  });

  it('let no table be cut over that is behind or has lost records', () => {
    expect(unmet('flip_writes', { ...good, lagMs: 61_000 }).map((gate) => gate.gate)).toEqual(['stream_current']);
    const lost: StreamFacts = { ...good, state: 'lost', fault: 'Records were trimmed.' };
    expect(unmet('flip_writes', lost).map((gate) => gate.observed)).toEqual(['Records were trimmed.']);
    expect(unmet('begin_shift', lost)).toHaveLength(1);
    expect(headroomMsOf(lost)).toBe(0);
  });

  it('hold the flip while somebody writes beside the gateways', () => {
    const rogue: StreamFacts = { ...good, besideGateway: 3, besideLastAtMs: NOW_MS - 5_000 };
    expect(unmet('flip_writes', rogue).map((gate) => gate.observed)).toEqual([
      '3 writes beside the gateway, the last 5 s ago',
    ]);
  });

  it('count headroom down from 24 hours', () => {
    expect(headroomMsOf({ state: 'open', lagMs: 3_600_000 })).toBe(23 * 3_600_000);
    expect(headroomMsOf({ state: 'open', lagMs: null })).toBeNull();
  });
});
