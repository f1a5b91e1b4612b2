/** Part B: no interleaving of the fence loses an acknowledged write or splits the authority; without each rule one does. */
import { describe, expect, it } from 'vitest';
import { type Safeguard, without } from '@/lib/domain/safeguards';
import { type FenceOptions, type FenceSentence, fence } from './fence';
import { FENCES, type FenceName } from './fence-scenarios';
import { render, search } from './search';

const run = (scenario: FenceName, options: FenceOptions = {}) => search(fence(FENCES[scenario], options));

/** A bound for a machine that does much else; alone each search takes seconds. */
const timeout = 120_000;

describe('with every rule on', { timeout }, () => {
  it.each(Object.keys(FENCES) as FenceName[])('the authority holds every acknowledged write: %s', (name) => {
    const verdict = run(name);
    console.log(`model: ${verdict.model}: ${verdict.states} states, ${verdict.transitions} steps, ${verdict.ms} ms`);
    expect(verdict.violation && render(verdict.violation)).toBeNull();
    expect(verdict.complete).toBe(true);
  });
});

const LOST = 'the authority lacks an acknowledged write';
/** A scenario that fails with the rule off, and the length of its shortest failing trace. */
const WITHOUT: [Safeguard, FenceName, number, string][] = [
  ['snapshotSynced', 'crash', 13, LOST],
  ['drainBeforeAck', 'lateStart', 9, LOST],
  ['registeredCount', 'silent', 10, LOST],
  ['holdEpoch', 'plain', 7, LOST],
  ['workersStop', 'verifier', 17, LOST],
  ['fenceRetest', 'bypass', 11, LOST],
  ['canary', 'refusing', 11, 'released to an authority that refuses writes'],
  ['restartMarks', 'crash', 4, 'the two sides differ'],
  ['holdUntil', 'lateRequest', 9, 'the two sides differ'],
  ['takeOverMarks', 'workerCrash', 17, 'the two sides differ'],
  ['deadProven', 'gone', 6, 'the two sides differ'],
  ['snapshotsFirst', 'restored', 4, 'follows an older epoch'],
];
const DROPPED: [FenceSentence, FenceName, number, string][] = [
  ['conditionalStep', 'lateStart', 11, 'abort and release both win'],
  ['flipHeld', 'lateStart', 12, LOST],
  ['registerFirst', 'lateStart', 11, LOST],
  ['owedVerification', 'restored', 18, LOST],
  // A settle under the direction that a restored Postgres names overwrites the truth.
  ['workersRest', 'restored', 21, LOST],
];

describe('with one rule off', { timeout }, () => {
  it.each(WITHOUT)('%s: a violation is found', (rule, scenario, length, what) => {
    const { violation, states } = run(scenario, { rules: without(rule) });
    console.log(`model: without ${rule}: ${states} states\n${violation && render(violation)}`);
    expect(violation?.what).toContain(what);
    expect(violation?.trace).toHaveLength(length);
  });

  it.each(DROPPED)('without the sentence %s: a violation is found', (sentence, scenario, length, what) => {
    const { violation, states } = run(scenario, { dropped: [sentence] });
    console.log(`model: without ${sentence}: ${states} states\n${violation && render(violation)}`);
    expect(violation?.what).toContain(what);
    expect(violation?.trace).toHaveLength(length);
  });

  // The wait for settled rows before the stop only saves a hold that must abort; what proves the flip is the retest.
  it('the settle before the stop may be left out as long as the retest stays', () => {
    for (const name of ['refusal', 'bypass'] as const)
      expect(run(name, { dropped: ['settledBeforeStop'] })).toMatchObject({ violation: null, complete: true });
    const { violation } = run('refusal', { rules: without('fenceRetest'), dropped: ['settledBeforeStop'] });
    expect(violation?.trace).toHaveLength(13);
  });
});
