/** Keys as long and as odd as DynamoDB allows: rows that name them must fit into Postgres, whole. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markKeys } from '@/db/queries/dirty';
import { insertMismatch } from '@/db/queries/run-mismatch';
import { insertSetAside } from '@/db/queries/segment';
import { keyId } from '@/lib/domain/item/key';
import { RIG_SCHEMA, type Rig, startRig } from '@/lib/testing/worker-rig';
import { backfillSegment } from './tasks/backfill-segment';
import { verifySegment } from './tasks/verify-segment';

/** 2,048 bytes that no compression shortens much, and of which JSON makes many more; NUL among them. */
function longKey(seed: number): string {
  let text = String.fromCharCode(0);
  for (let at = 0; text.length < 2_048; at += 1) {
    for (const byte of createHash('sha512').update(`${seed} ${at}`).digest()) text += String.fromCharCode(byte & 127);
  }
  return text.slice(0, 2_048);
}
const item = (pk: string, version: number) => ({ pk: { S: pk }, version: { N: String(version) } });
const idOf = (pk: string): string => {
  const id = keyId({ pk: { S: pk } }, RIG_SCHEMA);
  if (!id.ok) throw new Error(id.error.reason);
  return id.value;
};

describe('a key of full length with NUL in it', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.stop());

  it('is marked, settled and let go', async () => {
    const table = await rig.table();
    const [changed, deleted] = [longKey(1), longKey(2)];
    await table.put('source', item(changed, 2));
    await table.put('target', item(changed, 1));
    await table.put('target', item(deleted, 1));
    const keyIds = [idOf(changed), idOf(deleted)];
    const mark = () =>
      markKeys(rig.database.sql, {
        planTableId: table.planTableId,
        schema: RIG_SCHEMA,
        keyIds,
        cause: 'mirror_failed',
      });
    await mark();
    await mark();
    expect(await table.dirty()).toHaveLength(2);
    await table.converge(await table.worker());
    expect(await table.divergent()).toEqual([]);
    expect((await table.items('target')).size).toBe(1);
  });

  it('is copied page by page, and taken over from a worker that died in the middle of a page', async () => {
    const table = await rig.table();
    const pks = [3, 4, 5].map(longKey);
    for (const pk of pks) await table.put('source', item(pk, 1));
    const segmentId = await table.backfill();
    const never = new Promise<never>(() => {});
    let sent = () => {};
    const isSent = new Promise<void>((done) => {
      sent = done;
    });
    const limits = { pageItemsMax: 1, leaseMs: 3_000 };
    let writes = 0;
    const dying = await table.worker({
      limits,
      hook: async (one) => {
        if (one.operation === 'BatchWriteItem') writes += 1;
        if (writes < 2 || one.operation !== 'BatchWriteItem') return await one.next();
        sent();
        return await never;
      },
    });
    void backfillSegment(dying, { segmentId });
    await isSent;
    await table.exited(dying);
    await rig.database.sql`update segment set lease_until = now() where id = ${segmentId}`;
    const heir = await table.worker({ limits: { pageItemsMax: 1 } });
    await backfillSegment(heir, { segmentId });
    await table.converge(heir);
    expect(await table.divergent()).toEqual([]);
    expect((await table.items('target')).size).toBe(3);
  });

  it('is found by a verification, and set aside, once a run', async () => {
    const table = await rig.table();
    const pk = longKey(6);
    await table.put('source', item(pk, 1));
    const { runId, segmentIds } = await table.verification();
    const worker = await table.worker();
    for (const segmentId of segmentIds) await verifySegment(worker, { segmentId });
    const { sql } = rig.database;
    expect(await sql`select key_id, class from mismatch where run_id = ${runId}`).toEqual([
      { key_id: idOf(pk), class: 'missing' },
    ]);
    const base = { runId, planTableId: table.planTableId, keyId: idOf(pk) };
    const images = { attributes: [], sourceSealed: null, targetSealed: null, firstSeenAt: null };
    await insertMismatch(sql, { id: 'mis_twice', ...base, class: 'extra', ...images }, RIG_SCHEMA);
    for (const id of ['set_1', 'set_2'])
      await insertSetAside(sql, [{ id, ...base, reason: id, errorType: 'ValidationException' }], RIG_SCHEMA);
    expect(await sql`select class from mismatch where run_id = ${runId}`).toEqual([{ class: 'extra' }]);
    expect(await sql`select reason from set_aside where run_id = ${runId}`).toEqual([{ reason: 'set_2' }]);
  });
});
