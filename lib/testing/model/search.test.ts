import { describe, expect, it } from 'vitest';
import { type Model, render, search } from './search';

/** Two processes add one to a register by read and write: the oldest lost update there is. */
const counter: Model = {
  name: 'counter',
  initial: [new Uint8Array(5)],
  next(state, emit) {
    for (const process of [0, 1]) {
      const step = (label: string, change: (next: Uint8Array) => void): void => {
        const next = state.slice();
        change(next);
        emit(`${label} by ${process}`, next);
      };
      const pc = state[1 + process * 2] as number;
      if (pc === 0)
        step('read', (next) => {
          next[1 + process * 2] = 1;
          next[2 + process * 2] = next[0] as number;
        });
      if (pc === 1)
        step('write', (next) => {
          next[1 + process * 2] = 2;
          next[0] = (next[2 + process * 2] as number) + 1;
        });
    }
  },
  violation: (state, quiescent) => (quiescent && state[0] !== 2 ? 'an addition is lost' : null),
  describe: (state) => `register ${state[0]}`,
};

describe('the search', () => {
  it('finds the shortest trace of a lost update and renders it', () => {
    const verdict = search(counter);
    expect(verdict.violation?.trace).toEqual(['read by 0', 'read by 1', 'write by 0', 'write by 1']);
    expect(render(verdict.violation!)).toContain('1. read by 0');
    expect(render(verdict.violation!)).toContain('=> register 1');
  });

  it('says when its bound ended it', () => {
    expect(search(counter, 3).complete).toBe(false);
  });
});
