/** The register of gateways in memory does what the one in Postgres does: one contract, held against both. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerGateway } from '@/db/queries/gateway/registration';
import { report } from '@/db/queries/gateway/reports';
import { registeredGateways } from '@/db/queries/routing/acknowledged';
import { ALL_SAFEGUARDS } from '@/lib/domain/safeguards';
import { createTestDatabase, type TestDatabase } from '../database';
import { insertPlan } from '../plan-fixture';
import { CONNECTIONS, SCHEMA, SOURCE, TARGET, tableOf } from './scene';
import { SimDatabase } from './sim-database';
import { SimFence } from './sim-fence';

interface Heard {
  acknowledged: boolean;
  quiet: boolean;
}

interface Subject {
  /** A start is registered, at once or late. */
  register(): Promise<void>;
  report(epoch: number, quietEpoch: number | null): Promise<void>;
  /** What a barrier and a fence of `epoch` read. */
  heard(epoch: number): Promise<Heard>;
}

let database: TestDatabase;
let names = 0;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function inPostgres(): Promise<Subject> {
  const { sql, db } = database;
  names += 1;
  const plan = await insertPlan(sql, { source: SOURCE, target: TARGET, table: `orders-${names}`, schema: SCHEMA });
  const { sourceConnectionId: connectionId, planTableId } = plan;
  const id = `gtw_${names}`;
  const counters = { inFlight: 0, intentsOpen: 0 };
  return {
    register: async () => {
      const row = { id, connectionId, identity: id, version: 'test', host: 'test', listen: 'test' };
      expect(await registerGateway(sql, row)).toBe(true);
    },
    report: async (epoch, quietEpoch) => {
      await report(sql, {
        ...{ gatewayId: id, acknowledged: { incarnation: 1, epoch }, ...counters, dirtyKnown: 0, feedAgeMs: 0 },
        ...{ unprovenSinceMs: null, tables: [{ planTableId, quietEpoch, ...counters }] },
      });
    },
    heard: async (epoch) => {
      const [row] = await registeredGateways(db, { connectionId, planTableId, epoch, silentMs: 60_000 });
      return { acknowledged: row?.acknowledged ?? true, quiet: row?.quiet ?? true };
    },
  };
}

async function inMemory(): Promise<Subject> {
  const nowMs = () => 0;
  const fence = new SimFence({
    ...{ database: new SimDatabase(nowMs, { table: tableOf('source'), connections: CONNECTIONS }), nowMs },
    ...{ safeguards: ALL_SAFEGUARDS, authority: 'source', isPlanned: false, isSilent: () => false },
    ...{ onFlip() {}, onPublish() {}, onRegistered() {} },
  });
  return {
    register: async () => fence.register('gateway-0'),
    report: async (epoch, quietEpoch) => fence.report('gateway-0', { epoch, quietEpoch: quietEpoch ?? 0 }),
    heard: async (epoch) => ({ acknowledged: fence.isAcknowledged(epoch), quiet: fence.isQuiet(epoch) }),
  };
}

describe.each([
  ['Postgres', inPostgres],
  ['memory', inMemory],
])('the register in %s', (_, make) => {
  const nothing = { acknowledged: false, quiet: false };
  const all = { acknowledged: true, quiet: true };

  it('counts a gateway from its registration on, and what it says only upwards', async () => {
    const subject = await make();
    await subject.register();
    expect(await subject.heard(7)).toEqual(nothing);
    await subject.report(7, null);
    expect(await subject.heard(7)).toEqual({ acknowledged: true, quiet: false });
    await subject.report(7, 7);
    expect(await subject.heard(7)).toEqual(all);
    // What was sent earlier, and arrives later.
    await subject.report(6, null);
    expect(await subject.heard(7)).toEqual(all);
    expect(await subject.heard(8)).toEqual(nothing);
  });

  it('takes the word of a living gateway again after a start that was killed has been registered late', async () => {
    const subject = await make();
    await subject.register();
    await subject.report(7, 7);
    await subject.register();
    expect(await subject.heard(7)).toEqual(nothing);
    await subject.report(7, 7);
    expect(await subject.heard(7)).toEqual(all);
  });
});
