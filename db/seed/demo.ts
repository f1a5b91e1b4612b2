/**
 * What the demo finds in an empty installation: two people, both connections, the application's key, and a place for
 * alerts. Each part is made once, through the services where there is a verb, so that a start that was cut short goes
 * on where it stopped.
 */
import { eq } from 'drizzle-orm';
import type { Db } from '@/db/client';
import { alertDestination, connection, gatewayKey, user } from '@/db/schema';
import type { Role } from '@/lib/domain/plan/moves';
import { createUser } from '@/lib/services/auth/create-user';
import { createConnection } from '@/lib/services/connection/create-connection';
import type { Actor, ServiceContext } from '@/lib/services/context';
import { DEMO_CONNECTIONS, DEMO_PEOPLE } from './demo-names';

export { DEMO_CONNECTIONS, DEMO_PEOPLE };

export interface DemoStore {
  endpoint: string;
  /** Console of the store: issues and restricts keys. */
  adminUrl: string;
  adminToken: string;
}
export interface DemoSeed {
  source: DemoStore;
  target: DemoStore;
  passwords: { ada: string; grace: string };
  application: { accessKeyId: string; secretAccessKey: string; tables: string[] };
  alerts: { url: string; secret: string };
}

/** The demo's sandbox takes this much; the profile `demo` of its quotas. */
const LIMITS = {
  requestsPerSecond: 1_000,
  itemsPerSecond: 5_000,
  readUnitsPerSecond: null,
  requestsPerMonth: 100_000_000,
  liveReserveMilli: 30_000,
};

async function person(db: Db, given: { name: string; email: string; role: Role; password: string }): Promise<Actor> {
  const [known] = await db.select({ id: user.id }).from(user).where(eq(user.email, given.email));
  const { id } = known ?? (await createUser(db, given));
  return { id, name: given.name, role: given.role };
}

/** The target's key may make tables as well: the plan's page offers it. */
async function issueKey(
  store: DemoStore,
  side: 'source' | 'target',
): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const answer = await fetch(`${store.adminUrl}/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${store.adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      label: 'landfall',
      permissions: ['read', 'write', 'describe', side === 'target' ? 'manage' : 'stream'],
    }),
  });
  if (answer.status !== 201) throw new Error(`The store at ${store.endpoint} issued no key (${answer.status})`);
  return (await answer.json()) as { accessKeyId: string; secretAccessKey: string };
}

async function connect(ctx: ServiceContext, ada: Actor, side: 'source' | 'target', store: DemoStore): Promise<void> {
  const name = DEMO_CONNECTIONS[side];
  const [known] = await ctx.db.select({ id: connection.id }).from(connection).where(eq(connection.name, name));
  if (known) return;
  const { accessKeyId, secretAccessKey } = await issueKey(store, side);
  await createConnection(ctx, ada, {
    ...{ name, accessKeyId, secretAccessKey, limits: LIMITS },
    kind: side === 'source' ? 'dynamodb' : 'terrascale',
    endpoint: store.endpoint,
    region: side === 'source' ? 'eu-central-1' : 'terrascale',
    mayCreateTables: side === 'target',
    issuer: { url: store.adminUrl, token: store.adminToken },
  });
}

/** Safe to run on every start. */
export async function seedDemo(ctx: ServiceContext, seed: DemoSeed): Promise<void> {
  const ada = await person(ctx.db, { ...DEMO_PEOPLE.ada, password: seed.passwords.ada });
  await person(ctx.db, { ...DEMO_PEOPLE.grace, password: seed.passwords.grace });
  await connect(ctx, ada, 'source', seed.source);
  await connect(ctx, ada, 'target', seed.target);
  const { accessKeyId, secretAccessKey, tables } = seed.application;
  await ctx.db
    .insert(gatewayKey)
    .values({
      ...{ id: ctx.newId('key'), application: 'demo-application', accessKeyId, tables, createdBy: ada.id },
      secretSealed: ctx.sealer.seal(secretAccessKey, 'gateway-key'),
    })
    .onConflictDoNothing({ target: gatewayKey.accessKeyId });
  const [destination] = await ctx.db
    .select({ id: alertDestination.id })
    .from(alertDestination)
    .where(eq(alertDestination.url, seed.alerts.url));
  if (destination) return;
  await ctx.db.insert(alertDestination).values({
    ...{ id: ctx.newId('destination'), name: 'Demo receiver', url: seed.alerts.url, createdBy: ada.id },
    secretSealed: ctx.sealer.seal(seed.alerts.secret, 'alert-destination'),
  });
}
