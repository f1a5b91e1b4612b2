import { randomBytes } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit, session, setupToken, user } from '@/db/schema';
import { systemClock } from '@/lib/adapters/clock';
import { createLog } from '@/lib/adapters/log';
import { AppError } from '@/lib/domain/errors';
import { createTestDatabase, type TestDatabase } from '@/lib/testing/database';
import { serviceContextOf } from '../context';
import { type Auth, createAuth } from './create-auth';
import { createUser } from './create-user';
import { completeSetup, hasAdmin, offerSetup } from './first-run';
import { addPerson, changeRole, listPeople, setDisabled } from './people';
import { FAILURES_MAX } from './sign-in-limit';

const PUBLIC_URL = 'http://127.0.0.1:3000';
const PASSWORD = 'correct horse battery';
let database: TestDatabase;
let auth: Auth;
const admin = { id: 'usr_test', name: 'Test', role: 'admin' } as const;
const ctx = () =>
  serviceContextOf({ ...database, sealingKey: '0'.repeat(64), log: createLog({ process: 'test', level: 'silent' }) });

beforeAll(async () => {
  database = await createTestDatabase();
  auth = createAuth({
    db: database.db,
    secret: randomBytes(32).toString('base64url'),
    publicUrl: PUBLIC_URL,
    clock: systemClock,
    log: createLog({ process: 'test', level: 'silent' }),
  });
});
afterAll(async () => await database.drop());

let addresses = 0;
const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
  addresses += 1;
  return await auth.handler(
    new Request(`${PUBLIC_URL}/api/auth${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: PUBLIC_URL,
        'x-forwarded-for': `10.0.${addresses >> 8}.${addresses & 255}`,
        ...headers,
      },
      body: JSON.stringify(body),
    }),
  );
};
const signIn = async (email: string, password = PASSWORD) => await post('/sign-in/email', { email, password });
const cookieOf = (response: Response): string => response.headers.get('set-cookie')?.split(';')[0] ?? '';
const codeOf = async (attempt: Promise<unknown>): Promise<string> =>
  await attempt.then(
    () => 'done',
    (error: unknown) => (error instanceof AppError ? error.code : `unexpected ${String(error)}`),
  );

describe('first-run set-up', () => {
  it('makes one administrator when several people use the token at once', async () => {
    const token = await offerSetup(database.db);
    expect(token).toMatch(/^[\w-]{32}$/);
    const attempts = Array.from({ length: 5 }, (_, index) =>
      codeOf(
        completeSetup(database.db, token ?? '', {
          name: `Ada ${index}`,
          email: `ada${index}@example.com`,
          password: PASSWORD,
        }),
      ),
    );
    const codes = await Promise.all(attempts);
    expect(codes.filter((code) => code === 'done')).toHaveLength(1);
    expect(codes.filter((code) => code === 'auth.setup_done')).toHaveLength(4);
    expect(await hasAdmin(database.db)).toBe(true);
    expect(await offerSetup(database.db)).toBeNull();
  });

  it('stores the hash of the token and refuses another token', async () => {
    await database.db.delete(user);
    const token = (await offerSetup(database.db)) ?? '';
    const [row] = await database.db.select().from(setupToken);
    expect(JSON.stringify(row)).not.toContain(token);
    const person = { name: 'Ada', email: 'ada@example.com', password: PASSWORD };
    expect(await codeOf(completeSetup(database.db, `${token}x`, person))).toBe('auth.setup_token_wrong');
    expect(await codeOf(completeSetup(database.db, token, { ...person, password: 'short' }))).toBe('input.invalid');
    // A refused creation did not use the token up.
    expect(await codeOf(completeSetup(database.db, token, person))).toBe('done');
    await database.db.update(user).set({ role: 'viewer' });
    expect(await codeOf(completeSetup(database.db, token, { ...person, email: 'eve@example.com' }))).toBe(
      'auth.setup_token_wrong',
    );
    await database.db.update(user).set({ role: 'admin' });
  });
});

describe('signing in', () => {
  it('gives a session with the role to a right password and nothing to a wrong one', async () => {
    const right = await signIn('Ada@Example.com');
    expect(right.status).toBe(200);
    const found = await auth.api.getSession({ headers: new Headers({ cookie: cookieOf(right) }) });
    expect(found?.user).toMatchObject({ email: 'ada@example.com', role: 'admin' });
    expect(right.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Lax/i);
    const wrong = await signIn('ada@example.com', 'wrong password 1');
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get('set-cookie')).toBeNull();
  });

  it('lets nobody sign up, and nobody give themselves a role', async () => {
    const response = await post('/sign-up/email', {
      email: 'eve@example.com',
      name: 'Eve',
      password: PASSWORD,
      role: 'admin',
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    const cookie = cookieOf(await signIn('ada@example.com'));
    await post('/update-user', { role: 'viewer' }, { cookie });
    const [row] = await database.db.select({ role: user.role }).from(user).where(eq(user.email, 'ada@example.com'));
    expect(row?.role).toBe('admin');
  });

  it('refuses a foreign origin that brings cookies', async () => {
    const cookie = cookieOf(await signIn('ada@example.com'));
    const response = await post('/sign-out', {}, { cookie, origin: 'https://evil.example' });
    expect(response.status).toBe(403);
    expect((await auth.api.getSession({ headers: new Headers({ cookie }) }))?.user.email).toBe('ada@example.com');
  });

  it('makes an account wait after ten failures, from whatever addresses they came', async () => {
    await createUser(database.db, { name: 'Lin', email: 'lin@example.com', password: PASSWORD, role: 'operator' });
    for (let failures = 0; failures < FAILURES_MAX; failures += 1) {
      expect((await signIn('lin@example.com', 'wrong password 1')).status).toBe(401);
    }
    const refused = await signIn('lin@example.com');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await signIn('ada@example.com')).status).toBe(200);
  });

  it('makes an address wait after ten tries a minute', async () => {
    const statuses: number[] = [];
    for (let tries = 0; tries < 11; tries += 1) {
      const response = await post(
        '/sign-in/email',
        { email: `nobody${tries}@example.com`, password: PASSWORD },
        { 'x-forwarded-for': '10.9.9.9' },
      );
      statuses.push(response.status);
    }
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
    expect(statuses[10]).toBe(429);
  });
});

describe('people', () => {
  it('refuses a second account for one address, whatever its capitals', async () => {
    const again = createUser(database.db, {
      name: 'Ada',
      email: 'ADA@example.com',
      password: PASSWORD,
      role: 'viewer',
    });
    expect(await codeOf(again)).toBe('auth.email_taken');
  });

  it('ends the sessions of a disabled person and lets them in no more', async () => {
    const { id } = await createUser(database.db, {
      name: 'Max',
      email: 'max@example.com',
      password: PASSWORD,
      role: 'operator',
    });
    const cookie = cookieOf(await signIn('max@example.com'));
    await setDisabled(ctx(), admin, { userId: id, isDisabled: true });
    expect(await auth.api.getSession({ headers: new Headers({ cookie }) })).toBeNull();
    expect((await signIn('max@example.com')).status).toBe(401);
    expect(await database.db.select().from(session).where(eq(session.userId, id))).toHaveLength(0);
    expect((await listPeople(database.db)).find((person) => person.id === id)).toMatchObject({
      isDisabled: true,
      role: 'operator',
    });
    await setDisabled(ctx(), admin, { userId: id, isDisabled: false });
    expect((await signIn('max@example.com')).status).toBe(200);
  });

  it('never leaves the console without an administrator', async () => {
    const [ada] = await database.db.select({ id: user.id }).from(user).where(eq(user.email, 'ada@example.com'));
    expect(await codeOf(changeRole(ctx(), admin, { userId: ada?.id ?? '', role: 'viewer' }))).toBe('input.invalid');
    expect(await codeOf(setDisabled(ctx(), admin, { userId: ada?.id ?? '', isDisabled: true }))).toBe('input.invalid');
    const [row] = await database.db
      .select()
      .from(user)
      .where(eq(user.id, ada?.id ?? ''));
    expect(row).toMatchObject({ role: 'admin', banned: false });
  });

  it('are administered by admins alone, and every change is in the record without a password', async () => {
    const person = { name: 'Zoe', email: 'zoe@example.com', password: PASSWORD, role: 'viewer' } as const;
    const approver = { ...admin, role: 'approver' } as const;
    expect(await codeOf(addPerson(ctx(), approver, person))).toBe('auth.role_too_low');
    const { id } = await addPerson(ctx(), admin, person);
    expect(await codeOf(changeRole(ctx(), approver, { userId: id, role: 'admin' }))).toBe('auth.role_too_low');
    await changeRole(ctx(), admin, { userId: id, role: 'operator' });
    const rows = await database.db.select().from(audit).where(eq(audit.subject, id));
    expect(rows.map((row) => row.action)).toEqual(['person.add', 'person.change_role']);
    expect(JSON.stringify(rows)).not.toContain(PASSWORD);
  });
});
