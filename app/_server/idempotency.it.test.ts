import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '@/lib/testing/database';
import { once } from './idempotency';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => await database.drop());

const ada = { id: 'usr_ada', name: 'Ada', role: 'operator' } as const;
const grace = { id: 'usr_grace', name: 'Grace', role: 'operator' } as const;
const codeOf = async (attempt: Promise<unknown>) =>
  await attempt.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? 'unexpected',
  );

describe('an action with an idempotency key', () => {
  it('acts once however often it is asked, and answers the same', async () => {
    let acts = 0;
    const act = async () => ({ share: ++acts });
    const ask = { key: 'k1', action: 'table.advance', actor: ada };
    expect(await once(database, ask, act)).toEqual({ share: 1 });
    expect(await once(database, ask, act)).toEqual({ share: 1 });
    expect(acts).toBe(1);
  });

  it('acts once when two requests come at the same time', async () => {
    let acts = 0;
    let letGo = () => {};
    const gate = new Promise<void>((done) => {
      letGo = done;
    });
    const ask = { key: 'k2', action: 'table.advance', actor: ada };
    const act = async () => {
      acts += 1;
      await gate;
      return acts;
    };
    const attempts = [codeOf(once(database, ask, act)), codeOf(once(database, ask, act))];
    expect(await Promise.race(attempts)).toBe('input.repeated');
    letGo();
    expect((await Promise.all(attempts)).sort()).toEqual(['done', 'input.repeated']);
    expect(acts).toBe(1);
  });

  it('forgets a refusal, because it changed nothing', async () => {
    const ask = { key: 'k3', action: 'table.advance', actor: ada };
    expect(
      await codeOf(
        once(database, ask, async () => Promise.reject(Object.assign(new Error('no'), { code: 'refused' }))),
      ),
    ).toBe('refused');
    expect(await once(database, ask, async () => 'now')).toBe('now');
  });

  it("gives nobody another person's answer", async () => {
    const ask = { key: 'k4', action: 'table.advance' };
    await once(database, { ...ask, actor: ada }, async () => 'for Ada');
    expect(await once(database, { ...ask, actor: grace }, async () => 'for Grace')).toBe('for Grace');
  });

  it('is taken over when the process that claimed it died', async () => {
    const ask = { key: 'k5', action: 'table.advance', actor: ada };
    void once(database, ask, () => new Promise(() => {})).catch(() => {});
    await expect
      .poll(
        async () =>
          (await database.sql`select 1 from idempotency where action = 'table.advance' and result is null`).length,
      )
      .toBe(1);
    await database.sql`update idempotency set at = now() - interval '1 hour' where result is null`;
    expect(await once(database, ask, async () => 'again')).toBe('again');
  });

  it('refuses a key that is none', async () => {
    expect(await codeOf(once(database, { key: '', action: 'a', actor: ada }, async () => 1))).toBe('input.invalid');
  });
});
