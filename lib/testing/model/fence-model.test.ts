import { describe, expect, test } from 'vitest';
import { ALL_SAFEGUARDS, without } from '@/lib/domain/safeguards';
import { fenceModel } from './fence-model';
import { render, search } from './search';

describe('the model of the fence', () => {
  test('never has two authorities and never loses an acknowledged write, in any interleaving', () => {
    const verdict = search(fenceModel(ALL_SAFEGUARDS));
    expect(verdict.violation ? render(verdict.violation) : null).toBeNull();
    expect(verdict.complete).toBe(true);
    expect(verdict.states).toBeGreaterThan(10_000);
  }, 120_000);

  test.each(['registeredCount', 'holdEpoch', 'workersStop', 'fenceRetest'] as const)(
    'is broken by some interleaving without %s',
    (name) => {
      const verdict = search(fenceModel(without(name)));
      expect(verdict.violation?.what).toEqual(expect.any(String));
    },
    120_000,
  );
});
