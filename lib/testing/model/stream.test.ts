import { describe, expect, it } from 'vitest';
import { render, search } from './search';
import { STREAM_RULES, STREAM_SCENARIOS, type StreamRules, streamModel } from './stream';

/** Steps of the shortest failing trace over all scenarios; null: none fails. */
const failsWithout = (rule: keyof StreamRules): number | null => {
  const lengths = STREAM_SCENARIOS.flatMap((scenario) => {
    const verdict = search(streamModel(scenario, { ...STREAM_RULES, [rule]: false }));
    return verdict.violation ? [verdict.violation.trace.length] : [];
  });
  return lengths.length === 0 ? null : Math.min(...lengths);
};

describe('the reader of a stream, in every interleaving', () => {
  for (const scenario of STREAM_SCENARIOS)
    it(`converges: ${scenario.name}`, () => {
      const verdict = search(streamModel(scenario, STREAM_RULES));
      expect(verdict.violation ? render(verdict.violation) : null).toBeNull();
      expect(verdict.complete).toBe(true);
      expect(verdict.states).toBeGreaterThan(50);
    });

  it.each<[keyof StreamRules, number | null]>([
    // Read, checkpoint, frozen for ever: the successor begins behind the record that nobody marked.
    ['markFirst', 3],
    ['fenced', 18],
    ['markAgain', 20],
    ['lookAfterRecord', 6],
    ['confirm', 14],
    // A mark is durable by itself. Waiting for its settle keeps the lag true, and the headroom with it.
    ['settleFirst', null],
  ])('without %s the shortest failing trace has %s steps', (rule, steps) => {
    expect(failsWithout(rule)).toBe(steps);
  });
});
