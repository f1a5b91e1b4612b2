import { describe, expect, it } from 'vitest';
import { READS, type STAGES, WRITES } from '../plan/stages';
import { routingOf } from '../plan/steps';
import { ALL_SAFEGUARDS, without } from '../safeguards';
import { type ReadFacts, type RouteFacts, routeRead, routeWrite } from './route';

const facts = (stage: (typeof STAGES)[number], readShareMilli = 0): RouteFacts => ({
  ...routingOf('dual_write', stage, readShareMilli),
  salt: 'orders:v1',
  sortOrderProven: true,
  keySchema: { sort: { name: 'sk', type: 'S' } },
});
/** Bucket 39,558 under this salt. */
const UNIT = 'S#USER#1';
const read = (given: Partial<ReadFacts> = {}): ReadFacts => ({
  kind: 'key',
  unit: UNIT,
  isStrong: false,
  isDirty: () => false,
  ...given,
});
const storeOf = (table: RouteFacts, given: Partial<ReadFacts> = {}) =>
  routeRead(table, read(given), ALL_SAFEGUARDS).store;

describe('reads', () => {
  it('stay with the source before the shift, whatever they are', () => {
    for (const stage of ['planned', 'dual_write', 'backfill', 'verify'] as const) {
      for (const kind of ['key', 'partition', 'index', 'scan'] as const) {
        for (const isStrong of [true, false]) expect(storeOf(facts(stage), { kind, isStrong })).toBe('source');
      }
    }
  });

  it('go by the bucket of their partition in shift: who is in at 40 % is in at 100 %', () => {
    expect(storeOf(facts('shift', 39_558))).toBe('source');
    expect(storeOf(facts('shift', 39_559))).toBe('target');
    expect(storeOf(facts('shift', 100_000))).toBe('target');
  });

  it('of dirty or in-flight keys go to the authority', () => {
    const dirty = read({ isDirty: () => true });
    expect(routeRead(facts('shift', 100_000), dirty, ALL_SAFEGUARDS)).toMatchObject({
      store: 'source',
      count: 'readsDirty',
    });
    expect(routeRead(facts('shift', 100_000), dirty, without('dirtyToAuthority')).store).toBe('target');
  });

  it('that are strong, or that no key routes, stay with the source and are counted apart', () => {
    const table = facts('shift', 100_000);
    expect(routeRead(table, read({ isStrong: true }), ALL_SAFEGUARDS)).toMatchObject({
      store: 'source',
      count: 'readsStrong',
    });
    for (const given of [{ kind: 'scan' }, { kind: 'index' }, { kind: 'partition', unit: null }] as const) {
      expect(routeRead(table, read(given), ALL_SAFEGUARDS)).toMatchObject({
        store: 'source',
        count: 'readsUnroutable',
      });
    }
  });

  it('of a partition wait for the sort-order probe where there is a sort key', () => {
    const unproven = { ...facts('shift', 100_000), sortOrderProven: false };
    expect(storeOf(unproven, { kind: 'partition' })).toBe('source');
    expect(storeOf({ ...unproven, keySchema: { sort: null } }, { kind: 'partition' })).toBe('target');
  });

  it('fall back only while the source is the authority', () => {
    const target = (stage: 'shift' | 'target_first', guards = ALL_SAFEGUARDS) =>
      routeRead(facts(stage, 100_000), read(), guards);
    expect(target('shift')).toMatchObject({ store: 'target', fallback: true });
    expect(target('target_first')).toMatchObject({ store: 'target', fallback: false });
    expect(target('target_first', without('fallbackBounded'))).toMatchObject({ fallback: true });
  });

  it('by an index are answered while the source is kept, and refused with a reason afterwards', () => {
    expect(storeOf(facts('target_first'), { kind: 'index' })).toBe('source');
    for (const stage of ['backup', 'retired'] as const) {
      expect(routeRead(facts(stage), read({ kind: 'index' }), ALL_SAFEGUARDS)).toMatchObject({ store: null });
    }
  });
});

describe('writes', () => {
  it('have one route for each of their modes', () => {
    const route = (writes: (typeof WRITES)[number], guards = ALL_SAFEGUARDS) =>
      routeWrite({ writes, authority: 'source' }, guards).kind;
    expect(WRITES.map((writes) => route(writes))).toEqual([
      'single',
      'mirrored',
      'mirrored',
      'single',
      'wait',
      'refuse',
    ]);
    expect(route('held', without('holdEpoch'))).toBe('mirrored');
    expect(READS).toHaveLength(3);
  });
});
