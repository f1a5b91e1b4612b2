import { describe, expect, it } from 'vitest';
import { draftFrom, gapsOf, inputOf } from './draft';

const table = { name: 'orders', targetName: '', wave: 1, itemCount: 10, sizeBytes: 100 };

describe('draft of a plan', () => {
  it('is made whole again from whatever was kept, so that a reload never breaks the page', () => {
    for (const kept of [null, undefined, 'text', {}, { step: 'gone', tables: 'none', strategy: 7 }])
      expect(draftFrom(kept)).toMatchObject({ step: 'strategy', strategy: null, tables: [], profile: 'production' });
  });

  it('keeps what was typed', () => {
    const kept = { step: 'tables', name: 'orders', strategy: 'dual_write', tables: [table] };
    expect(draftFrom(kept)).toMatchObject(kept);
  });

  it('names every gap at the step where it is filled', () => {
    expect(gapsOf(draftFrom({}))).toEqual({
      strategy: ['Choose a strategy.'],
      connections: ['Choose the source.', 'Choose the target.'],
      tables: ['Choose at least one table.'],
      review: ['Give the plan a name.'],
    });
    const bad = draftFrom({ tables: [{ ...table, targetName: 'o!' }] });
    expect(gapsOf(bad).tables).toEqual(['orders: A table name: 3 to 255 letters, digits, _, - or dots.']);
  });

  it('sends only what the plan is made of', () => {
    expect(inputOf(draftFrom({ tables: [table] })).tables).toEqual([
      { name: 'orders', targetName: '', wave: 1, liveChannel: 'gateway' },
    ]);
  });
});
