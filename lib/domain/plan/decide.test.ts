import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { greenFacts } from '@/lib/testing/green-facts';
import { type Decision, decide } from './decide';
import type { Actor, Facts } from './facts';
import { checkGate } from './gates';
import { GATES, MOVES, type Move, moveOf, movesFrom, type Verb } from './moves';
import { HOLD_KINDS, isMirroring, RAIL, STAGES, STRATEGIES, type Stage, type Strategy } from './stages';
import { routingOf } from './steps';

const APPROVER: Pick<Actor, 'id' | 'role'> = { id: 'a', role: 'approver' };
const SYSTEM: Pick<Actor, 'id' | 'role'> = { id: 's', role: 'system' };
const VERBS = MOVES.map((move) => move.verb);
const actorFor = (move: Move) => (move.role === 'system' ? SYSTEM : APPROVER);

/** Decides as if the approval were for exactly these steps. */
function approved(facts: Facts, verb: Verb, intent: Parameters<typeof decide>[3] = {}) {
  const first = decide(facts, verb, actorFor(moveOf(verb)), intent);
  const planHash = (first.ok ? first.value.planHash : first.error.planHash) ?? '';
  const approval = { by: 'Grace', planHash, atMs: facts.nowMs };
  return decide({ ...facts, approval }, verb, actorFor(moveOf(verb)), intent);
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const count = fc.integer({ min: 0, max: 2_000_000_000 });
/** Anything at all that could be known of a table. */
const anyFacts: fc.Arbitrary<Facts> = fc
  .record({
    strategy: fc.constantFrom(...STRATEGIES),
    stage: fc.constantFrom(...STAGES),
    version: count,
    desiredShareMilli: fc.integer({ min: 0, max: 100_000 }),
    observedShareMilli: maybe(fc.integer({ min: 0, max: 100_000 })),
    routableReads: count,
    shareSinceMs: maybe(count),
    approvedShareMilli: fc.integer({ min: 0, max: 100_000 }),
    hold: maybe(
      fc.record({ kind: fc.constantFrom(...HOLD_KINDS), reason: fc.string(), by: fc.string(), sinceMs: count }),
    ),
    openFence: maybe(fc.record({ verb: fc.constantFrom('flip_writes', 'flip_back'), step: fc.constant('hold') })),
    openBarrier: maybe(
      fc.record({ verb: fc.constantFrom('begin_dual_write', 'abandon'), acknowledged: count, registered: count }),
    ),
    targetProvenAtMs: maybe(count),
    keyMayWrite: maybe(fc.boolean()),
    liveChannelAckedAtMs: maybe(count),
    canaryArrivedAtMs: maybe(count),
    verifyAgainSinceMs: maybe(count),
    dirty: fc.record({ count, oldestMs: maybe(count), waitingForDelta: count, dead: count, parked: count }),
    sourceCanTakeReads: maybe(fc.boolean()),
    unroutableReads: count,
  })
  .map((over) => greenFacts(over));

describe('the table of stages and moves', () => {
  test('answers every stage and move, whatever is known, with a decision or a refusal that says why', () => {
    fc.assert(
      fc.property(anyFacts, fc.constantFrom(...VERBS), maybe(fc.integer()), (facts, verb, share) => {
        const answer = decide(facts, verb, APPROVER, share === null ? {} : { readShareMilli: share });
        if (answer.ok) expect(answer.value.gates.every((gate) => gate.met)).toBe(true);
        else expect(answer.error.sentence.length).toBeGreaterThan(10);
      }),
    );
  });

  test.each(STRATEGIES)('of %s lets every stage but the last go forward along its rail', (strategy: Strategy) => {
    const rail = RAIL[strategy];
    for (const [at, stage] of rail.slice(0, -1).entries()) {
      const forward = movesFrom(strategy, stage).filter((move) => move.way === 'forward');
      expect(forward.map((move) => move.to)).toContain(rail[at + 1]);
      for (const move of forward)
        expect(approved(greenFacts({ strategy, stage }), move.verb), `${stage} ${move.verb}`).toMatchObject({
          ok: true,
        });
    }
    expect(movesFrom(strategy, rail.at(-1) as Stage)).toEqual([]);
  });

  test('takes no move that it does not offer', () => {
    for (const strategy of STRATEGIES)
      for (const stage of STAGES)
        for (const verb of VERBS) {
          const isOffered = movesFrom(strategy, stage).some((move) => move.verb === verb);
          const answer = approved(greenFacts({ strategy, stage }), verb, { readShareMilli: 50_000 });
          expect(answer.ok, `${strategy} ${stage} ${verb}`).toBe(isOffered);
        }
  });

  test('equals the constraint of the database', () => {
    const folder = path.resolve(import.meta.dirname, '../../../db/migrations');
    const files = readdirSync(folder).filter((file) => file.endsWith('.sql'));
    const sql = files.map((file) => readFileSync(path.join(folder, file), 'utf8')).join('\n');
    const listed = (name: string) =>
      [...(new RegExp(`CONSTRAINT "${name}" CHECK \\((.*)\\)`).exec(sql)?.[1] ?? '').matchAll(/'([a-z_]+)'/g)].map(
        (match) => match[1],
      );
    expect(listed('plan_table_stage')).toEqual([...STAGES]);
    expect(listed('plan_table_hold')).toEqual([...HOLD_KINDS]);
    expect(listed('plan_strategy')).toEqual([...STRATEGIES]);
    const withShare = STAGES.filter((stage) =>
      STRATEGIES.some((strategy) => routingOf(strategy, stage, 100_000).readShareMilli > 0),
    );
    expect(listed('plan_table_share_stage')).toEqual(withShare);
  });

  test('has a gate for every name and a name for every gate', () => {
    const used = new Set(MOVES.flatMap((move: Move) => move.gates));
    expect(GATES.filter((gate) => !used.has(gate))).toEqual([]);
    for (const gate of GATES) expect(checkGate(gate, greenFacts(), {}).sentence).toMatch(/\.$/);
  });
});

describe('going back', () => {
  test('with the read share is never gated, held or not', () => {
    fc.assert(
      fc.property(anyFacts, fc.integer({ min: 0, max: 99_999 }), (any, to) => {
        const facts: Facts = { ...any, strategy: 'dual_write', stage: 'shift', openFence: null, openBarrier: null };
        if (to >= facts.desiredShareMilli) return;
        expect(decide(facts, 'set_read_share', APPROVER, { readShareMilli: to })).toMatchObject({ ok: true });
      }),
    );
  });

  test('to the source with all reads is allowed always, under an open fence too', () => {
    fc.assert(
      fc.property(anyFacts, (any) => {
        const facts: Facts = { ...any, strategy: 'dual_write', stage: 'shift' };
        const answer = decide(facts, 'reads_to_source', APPROVER);
        expect(answer).toMatchObject({ ok: true, value: { readShareMilli: 0 } });
      }),
    );
  });

  test('by abandon asks for no gate in any stage where the source is the authority', () => {
    for (const strategy of STRATEGIES)
      for (const stage of RAIL[strategy].filter((one) => moveOf('abandon').from.includes(one)))
        expect(
          decide(
            greenFacts({ strategy, stage, hold: { kind: 'fault', reason: 'x', by: 'y', sinceMs: 0 } }),
            'abandon',
            APPROVER,
          ).ok,
        ).toBe(true);
  });
});

describe('a random walk', () => {
  test('never reaches a pair of writes and reads that could lose or hide a write', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...STRATEGIES),
        fc.array(fc.tuple(fc.constantFrom(...VERBS), fc.integer({ min: 0, max: 100_000 })), { maxLength: 60 }),
        (strategy, wishes) => {
          let facts = greenFacts({ strategy, stage: 'planned', desiredShareMilli: 0 });
          for (const [verb, readShareMilli] of wishes) {
            const answer = approved(facts, verb, { readShareMilli });
            if (!answer.ok) continue;
            for (const routing of routingsOf(answer.value)) expectSafe(routing);
            const { move, readShareMilli: share } = answer.value;
            const isFlip = move.kind === 'fence' && move.verb !== 'freeze';
            const desired = routingOf(strategy, move.to, isFlip ? 100_000 : move.to === 'shift' ? share : 0);
            facts = { ...facts, stage: move.to, version: facts.version + 1, desiredShareMilli: desired.readShareMilli };
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  const routingsOf = (decision: Decision) =>
    decision.steps.flatMap((step) => ('routing' in step ? [step.routing] : []));
  type Routing = ReturnType<typeof routingsOf>[number];
  function expectSafe(routing: Routing): void {
    const { writes, reads, readShareMilli: share, fallback, authority, stage } = routing;
    const said = JSON.stringify(routing);
    // Reads of the target need every write there: both stores written, or the target alone, or nobody.
    if (reads !== 'source' && share > 0)
      expect(isMirroring(writes) || writes === 'target' || writes === 'held', said).toBe(true);
    // From the flip on a not-found never falls back: it would bring a deleted item back to life.
    if (authority === 'target') expect(fallback, said).toBe(false);
    if (writes === 'source_target' || writes === 'source') expect(authority, said).toBe('source');
    if (writes === 'target_source' || writes === 'target') expect(authority, said).toBe('target');
    if (authority === 'source' && stage !== 'shift') expect(share, said).toBe(0);
  }
});

describe('the hash of a plan', () => {
  test('binds table, version, verb, share and length of the hold', () => {
    const hash = (facts: Facts, share: number, long = false) => {
      const answer = decide(facts, 'set_read_share', APPROVER, { readShareMilli: share, long });
      return answer.ok ? answer.value.planHash : answer.error.planHash;
    };
    const base = greenFacts({ stage: 'shift', desiredShareMilli: 0 });
    const hashes = [
      hash(base, 1_000),
      hash(base, 2_000),
      hash({ ...base, version: 2 }, 1_000),
      hash({ ...base, tableName: 'users' }, 1_000),
      hash(base, 1_000, true),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hash(base, 1_000)).toBe(hash({ ...base, nowMs: base.nowMs + 1, routableReads: 5 }, 1_000));
  });

  test('of other steps does not let an approval count', () => {
    const facts = greenFacts({
      stage: 'shift',
      approval: { by: 'Grace', planHash: 'other', atMs: greenFacts().nowMs },
    });
    const answer = decide(facts, 'flip_writes', APPROVER);
    expect(answer).toMatchObject({ ok: false, error: { reason: 'gates' } });
  });
});
