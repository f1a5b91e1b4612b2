/** Part A: no interleaving of the rules loses a write or revives a deleted item; without each rule one does. */
import { describe, expect, it } from 'vitest';
import { type Safeguard, without } from '@/lib/domain/safeguards';
import { type ConvergenceOptions, convergence, type Sentence } from './convergence';
import { SCENARIOS, type ScenarioName } from './convergence-scenarios';
import { render, search } from './search';

const run = (scenario: ScenarioName, options: ConvergenceOptions = {}) =>
  search(convergence(SCENARIOS[scenario], options));

/** A bound for a machine that does much else; alone each search takes seconds. */
const timeout = 120_000;

describe('with every rule on', { timeout }, () => {
  it.each(Object.keys(SCENARIOS) as ScenarioName[])('both sides are equal at rest: %s', (name) => {
    const verdict = run(name);
    console.log(`model: ${verdict.model}: ${verdict.states} states, ${verdict.transitions} steps, ${verdict.ms} ms`);
    expect(verdict.violation && render(verdict.violation)).toBeNull();
    expect(verdict.complete).toBe(true);
  });
});

/** A scenario that fails with the rule off, and the length of its shortest failing trace. */
const WITHOUT: [Safeguard, ScenarioName, number, string][] = [
  ['authorityFirst', 'refusals', 8, 'the target differs'],
  ['images', 'additions', 10, 'the target differs'],
  ['confirm', 'refusals', 6, 'the target differs'],
  ['lanes', 'quiet', 7, 'a key is marked'],
  ['mirrorOutlivesWait', 'refusals', 4, 'the target differs'],
  ['intents', 'gatewayCrash', 4, 'the target differs'],
  ['unknownOutcomes', 'lateMirror', 3, 'the target differs'],
  ['generations', 'refusals', 13, 'the target differs'],
  ['holdUntil', 'lateMirror', 9, 'the target differs'],
  ['settleConfirm', 'refusals', 12, 'the target differs'],
  ['takeOverMarks', 'workerCrash', 12, 'a deleted item is alive'],
  ['liveChannelFirst', 'beforeDual', 4, 'the target differs'],
  ['consistentScan', 'beforeDual', 4, 'the target differs'],
  ['pageKeys', 'workerCrash', 12, 'a deleted item is alive'],
  ['restartMarks', 'gatewayCrash', 4, 'the target differs'],
];
const DROPPED: [Sentence, ScenarioName, number, string][] = [
  ['confirmAfterOutcome', 'refusals', 8, 'the target differs'],
  ['settleBeganAfterHold', 'lateMirror', 9, 'the target differs'],
  ['holdUntilHolderEnded', 'pause', 18, 'a deleted item is alive'],
  ['unknownAtTakeOver', 'workerCrash', 17, 'a deleted item is alive'],
  ['unknownAtRestart', 'gatewayCrash', 9, 'the target differs'],
  ['deltaBeforeBackfill', 'beforeDual', 5, 'the target differs'],
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

  // D4 defends a store twice: the check keeps a former holder from writing, the open hold outlasts it if it does.
  it('leaseCheck alone off: the hold until the former holder has ended covers it', () => {
    for (const name of ['leaseLoss', 'settlerLeaseLoss'] as const)
      expect(run(name, { rules: without('leaseCheck') })).toMatchObject({ violation: null, complete: true });
  });
  it('that hold alone off: the check covers it, unless a holder is paused after it', () => {
    expect(run('leaseLoss', { dropped: ['holdUntilHolderEnded'] })).toMatchObject({ violation: null, complete: true });
  });
  it('both off: a violation is found', () => {
    const { violation } = run('leaseLoss', { rules: without('leaseCheck'), dropped: ['holdUntilHolderEnded'] });
    console.log(`model: without leaseCheck and holdUntilHolderEnded\n${violation && render(violation)}`);
    expect(violation?.trace).toHaveLength(18);
  });
});
