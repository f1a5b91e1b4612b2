import { describe, expect, it } from 'vitest';
import type { WireRequest } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import type { Store } from '../pipeline/stores';
import { type AnsweringStores, probeTargets, silentTargets } from './authority-health';

const table = (tableName: string, authority: 'source' | 'target', targetConnectionId = 'one'): TableRouting =>
  ({
    ...{ tableName, authority, targetConnectionId, stage: 'target_first', storeTimeoutMs: 500 },
    keySchema: { partition: { name: 'pk', type: 'S' }, sort: { name: 'at', type: 'N' } },
  }) as TableRouting;

function stores(silent: string[], admits = true): AnsweringStores & { sent: WireRequest[] } {
  const sent: WireRequest[] = [];
  const wire = { send: async (request: WireRequest) => void sent.push(request) } as unknown as Store['wire'];
  const side = (one: TableRouting): Store => ({
    ...{ wire, kind: 'terrascale', tableName: `${one.tableName}_there`, admits: () => admits },
  });
  return { sent, isSilent: (id) => silent.includes(id), side };
}

describe('whether a target that does not answer makes a gateway unready', () => {
  it('never before the flip', () => {
    expect(silentTargets([table('a', 'source'), table('b', 'source')], stores(['one']))).toBeNull();
    expect(silentTargets([], stores(['one']))).toBeNull();
  });

  it('once it is the truth of everything that is served here, and the tables are named', () => {
    const flipped = [table('a', 'target'), table('b', 'target')];
    expect(silentTargets(flipped, stores([]))).toBeNull();
    expect(silentTargets(flipped, stores(['one']))).toBe('the target is the truth of a, b and does not answer');
    const many = Array.from({ length: 8 }, (_, n) => table(`t${n}`, 'target'));
    expect(silentTargets(many, stores(['one']))).toContain('t0, t1, t2, t3, t4 and 3 more');
  });

  it('not while one table can be served: by the source, or by another target', () => {
    expect(silentTargets([table('a', 'target'), table('b', 'source')], stores(['one']))).toBeNull();
    expect(silentTargets([table('a', 'target'), table('b', 'target', 'two')], stores(['one']))).toBeNull();
  });
});

describe('the probe of a silent target', () => {
  it('asks each once for an item that nobody has, by its name there, and none that answers or is no truth', async () => {
    const asked = stores(['one']);
    await probeTargets([table('a', 'target'), table('b', 'target'), table('c', 'source')], asked);
    expect(asked.sent).toHaveLength(1);
    expect(asked.sent[0]).toMatchObject({ operation: 'GetItem', timeoutMs: 500 });
    expect(JSON.parse(String(asked.sent[0]?.body))).toMatchObject({
      TableName: 'a_there',
      Key: { pk: { S: 'landfall-canary-probe' } },
    });
    const fine = stores([]);
    await probeTargets([table('a', 'target')], fine);
    expect(fine.sent).toEqual([]);
  });

  it('asks no more often than the breaker lets through', async () => {
    const asked = stores(['one'], false);
    await probeTargets([table('a', 'target')], asked);
    expect(asked.sent).toEqual([]);
  });
});
