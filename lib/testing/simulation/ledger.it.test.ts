/** The ledger in memory does what the ledger in Postgres does: one contract, held against both. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeHoldsOfEnded } from '@/db/queries/dirty';
import { recordWorkerExit, registerWorker } from '@/db/queries/worker';
import { type Ledger, sqlLedger } from '@/lib/worker/ledger';
import { createTestDatabase, type TestDatabase } from '../database';
import { insertPlan, insertRun } from '../plan-fixture';
import { waitFor } from '../wait-for';
import { CONNECTIONS, SCHEMA, SOURCE, TARGET, tableOf } from './scene';
import { SimDatabase } from './sim-database';

const LEASE_MS = 150;
const DELTA_MS = 120;
const id = (name: string) => JSON.stringify([`S#${name}`]);

interface Subject {
  ledger: Ledger;
  planTableId: string;
  segmentId: string;
  registered(workerId: string): Promise<void>;
  ended(workerId: string): Promise<void>;
  closeHolds(): Promise<void>;
}

let database: TestDatabase;
let names = 0;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function inPostgres(): Promise<Subject> {
  const { sql } = database;
  const settings = { deltaMs: DELTA_MS };
  names += 1;
  const plan = await insertPlan(sql, {
    source: SOURCE,
    target: TARGET,
    table: `orders-${names}`,
    schema: SCHEMA,
    settings,
  });
  const run = await insertRun(sql, plan.planTableId, { kind: 'backfill', segments: 1 });
  return {
    ...{ ledger: sqlLedger(sql), planTableId: plan.planTableId, segmentId: run.segmentIds[0] as string },
    registered: (workerId) => registerWorker(sql, { id: workerId, host: 'test', pid: 1, version: 'test' }),
    ended: async (workerId) => void (await recordWorkerExit(sql, workerId)),
    closeHolds: async () => void (await closeHoldsOfEnded(sql)),
  };
}

async function inMemory(): Promise<Subject> {
  const table = { ...tableOf('source'), deltaMs: DELTA_MS };
  const twin = new SimDatabase(() => performance.now(), { table, connections: CONNECTIONS });
  const row = { id: 'seg', runId: 'run', kind: 'backfill', number: 0, side: 'source', segmentsTotal: 1 } as const;
  twin.segments.set('seg', {
    ...row,
    ...{
      state: 'waiting',
      cursor: null,
      pageKeys: null,
      pages: 0,
      attempts: 0,
      owner: null,
      token: 0,
      leaseUntilMs: 0,
    },
  });
  const ledger = new Proxy({} as Ledger, {
    get:
      (_, name: string) =>
      async (...given: unknown[]) =>
        (twin as unknown as Record<string, (...given: unknown[]) => unknown>)[name]?.(...given),
  });
  return {
    ...{ ledger, planTableId: table.planTableId, segmentId: 'seg' },
    registered: async (workerId) => void twin.workers.set(workerId, 'registered'),
    ended: async (workerId) => void twin.workers.set(workerId, 'ended'),
    closeHolds: async () => twin.closeHoldsOfEnded(),
  };
}

describe.each([
  ['in Postgres', inPostgres],
  ['in memory', inMemory],
])('the ledger %s', (_, make) => {
  const claimAll = ({ ledger, planTableId }: Subject, owner: string) =>
    ledger.claimKeys({ planTableId, owner, leaseMs: LEASE_MS, keysMax: 100 });
  const mark = ({ ledger, planTableId }: Subject, name: string, unknownForMs?: number) =>
    ledger.markKeys({ planTableId, schema: SCHEMA, keyIds: [id(name)], cause: 'operator', unknownForMs });
  const finish = (
    { ledger, planTableId }: Subject,
    given: { claims: Parameters<Ledger['finishClaims']>[0]['claims']; startedAt: string },
  ) => ledger.finishClaims({ planTableId, ...given, checkGeneration: true, checkHold: true });
  const renew = async ({ ledger, planTableId }: Subject, claims: { keyId: string; claimToken: number }[]) =>
    ledger.renewClaims({
      ...{ planTableId, leaseMs: LEASE_MS },
      tokens: claims.map(({ keyId, claimToken }) => ({ key_id: keyId, claim_token: claimToken })),
    });

  it('claims a marked key once, and lets it go after a settle that nothing overtook', async () => {
    const subject = await make();
    await mark(subject, 'a');
    const claims = await claimAll(subject, 'wrk_1');
    expect(claims).toHaveLength(1);
    expect(await claimAll(subject, 'wrk_2')).toEqual([]);
    expect(await finish(subject, await renew(subject, claims))).toEqual(new Map([[id('a'), 'gone']]));
    expect(await subject.ledger.dirtyAmong(subject.planTableId, [id('a')])).toEqual(new Set());
  });

  it('keeps a key that was marked while it was settled, under its claim', async () => {
    const subject = await make();
    await mark(subject, 'a');
    const round = await renew(subject, await claimAll(subject, 'wrk_1'));
    await mark(subject, 'a');
    expect(await finish(subject, round)).toEqual(new Map([[id('a'), 'changed']]));
    const next = await renew(subject, round.claims);
    expect(next.claims[0]?.generation).toBeGreaterThan(round.claims[0]?.generation as number);
    expect(await finish(subject, next)).toEqual(new Map([[id('a'), 'gone']]));
  });

  it('keeps a key of an unknown outcome until a settle that began after its hold, and gives it no turn before', async () => {
    const subject = await make();
    await mark(subject, 'a', DELTA_MS);
    const early = await renew(subject, await claimAll(subject, 'wrk_1'));
    expect(await finish(subject, early)).toEqual(new Map([[id('a'), 'held']]));
    expect(await claimAll(subject, 'wrk_1')).toEqual([]);
    const late = await waitFor(
      async () => {
        const claims = await claimAll(subject, 'wrk_1');
        return claims.length > 0 ? claims : null;
      },
      { what: 'the hold to pass', everyMs: 10 },
    );
    expect(await finish(subject, await renew(subject, late))).toEqual(new Map([[id('a'), 'gone']]));
  });

  it('settles a refused image no more, and the next one at once', async () => {
    const subject = await make();
    await mark(subject, 'a', DELTA_MS);
    const [claim] = await claimAll(subject, 'wrk_1');
    if (claim === undefined) throw new Error('the key is due');
    const { ledger, planTableId } = subject;
    const bury = (of: typeof claim) =>
      ledger.buryKeys({ planTableId, buried: [{ claim: of, errorType: 'ValidationException', reason: 'too large' }] });
    await bury({ ...claim, claimToken: claim.claimToken + 1_000 });
    expect((await renew(subject, [claim])).claims).toHaveLength(1);
    await bury(claim);
    expect(await claimAll(subject, 'wrk_2')).toEqual([]);
    expect(await ledger.dirtyAmong(planTableId, [id('a')])).toEqual(new Set([id('a')]));
    await mark(subject, 'a');
    expect(await claimAll(subject, 'wrk_2')).toHaveLength(1);
  });

  it('marks the key of an expired claim, held open for as long as its holder lives', async () => {
    const subject = await make();
    const { ledger, planTableId } = subject;
    const holder = `wrk_holder_${planTableId}`;
    await subject.registered(holder);
    await mark(subject, 'a');
    const claims = await claimAll(subject, holder);
    const expire = () => ledger.expireClaims({ planTableId, schema: SCHEMA, deltaMs: DELTA_MS, mark: true });
    expect(await expire()).toBe(0);
    await waitFor(async () => (await expire()) === 1, { what: 'the claim to expire', everyMs: 10 });
    // The former holder's token is worth nothing any more.
    expect((await renew(subject, claims)).claims).toEqual([]);
    expect(await ledger.tablesHeldOpenFor(holder)).toMatchObject([{ planTableId }]);
    const round = await renew(subject, await claimAll(subject, 'wrk_2'));
    expect(await finish(subject, round)).toEqual(new Map([[id('a'), 'held']]));
    await subject.closeHolds();
    expect(await ledger.tablesHeldOpenFor(holder)).toHaveLength(1);
    await subject.ended(holder);
    await subject.closeHolds();
    expect(await ledger.tablesHeldOpenFor(holder)).toEqual([]);
    const last = await waitFor(
      async () => {
        const again = await claimAll(subject, 'wrk_2');
        return again.length > 0 ? again : null;
      },
      { what: 'the hold to pass', everyMs: 10 },
    );
    expect(await finish(subject, await renew(subject, last))).toEqual(new Map([[id('a'), 'gone']]));
  });

  it('gives a segment to one holder, and to the next with a higher token and the open page marked', async () => {
    const subject = await make();
    const { ledger, planTableId, segmentId } = subject;
    const take = (owner: string) => ledger.takeSegment({ segmentId, owner, leaseMs: LEASE_MS, markTakeOver: true });
    const first = await take('wrk_1');
    if (first === null) throw new Error('nobody holds the segment');
    expect(await take('wrk_2')).toBeNull();
    expect(await ledger.storePageKeys(first, [id('a'), id('b')])).toBe(true);
    const second = await waitFor(() => take('wrk_2'), { what: 'the lease to expire', everyMs: 10 });
    expect(second).toMatchObject({ takenOver: 2, formerOwner: 'wrk_1', cursor: null, token: first.token + 1 });
    expect(await ledger.dirtyAmong(planTableId, [id('a'), id('b'), id('c')])).toEqual(new Set([id('a'), id('b')]));
    const counts = { ...NO_COUNTS };
    const page = { cursor: null, schema: SCHEMA, counts };
    expect(await ledger.storePageKeys(first, [id('c')])).toBe(false);
    expect(await ledger.checkpointSegment(first, page)).toBe(false);
    expect(await ledger.renewSegment(first, LEASE_MS)).toBeNull();
    expect(await ledger.checkpointSegment(second, page)).toBe(true);
    expect(await take('wrk_3')).toBeNull();
  });
});

const NO_COUNTS = {
  ...{ itemsRead: 0, itemsWritten: 0, itemsExpired: 0, itemsSetAside: 0, itemsMarked: 0, bytesRead: 0 },
  ...{ compared: 0, suspects: 0, hot: 0, inFlight: 0, mismatches: 0, valuesLeft: 0 },
};
