import { describe, expect, it } from 'vitest';
import type { TableRowView } from '@/lib/contracts/views';
import { isShown, toneOf } from './fleet-filter';

const row = (name: string, changes: Partial<TableRowView> = {}): TableRowView => ({
  planId: 'pln_1',
  planName: 'orders to TerraScale',
  tableId: `tbl_${name}`,
  name,
  strategy: 'dual_write',
  stage: 'backfill',
  badge: { label: 'Backfill', tone: 'active', icon: 'copy', says: '', segments: [] },
  sentence: '',
  hold: null,
  share: {
    desiredMilli: 0,
    acknowledged: 1,
    registered: 1,
    lagging: [],
    observedMilli: null,
    routableReads: 0,
    unroutableReads: 0,
    strongReads: 0,
    windowMs: 60_000,
    sinceAt: null,
  },
  dirty: { count: 0, oldestMs: null },
  mismatches: 0,
  guardrail: null,
  rate: null,
  lastChange: null,
  needs: null,
  ...changes,
});

describe('rows of the fleet', () => {
  it('shows a mismatch and a tripped guardrail as bad although the stage looks well', () => {
    expect(toneOf(row('a', { mismatches: 1 }))).toBe('bad');
    expect(toneOf(row('a', { guardrail: { state: 'tripped', sentence: '' } }))).toBe('bad');
    expect(toneOf(row('a'))).toBe('active');
  });

  it('finds a table by its own name and by the name of its plan', () => {
    const none = { q: '', plan: '', stage: '', need: '' };
    expect(isShown(row('users'), { ...none, q: 'ORDERS' })).toBe(true);
    expect(isShown(row('users'), { ...none, q: 'carts' })).toBe(false);
    expect(isShown(row('users'), { ...none, need: 'person' })).toBe(false);
  });
});
