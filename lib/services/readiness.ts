import journal from '@/db/migrations/meta/_journal.json' with { type: 'json' };
import type { ServiceContext } from './context';

export interface Readiness {
  ready: boolean;
  database: 'reachable' | 'unreachable';
  /** `behind`: migrations wait to be applied; `ahead`: the database was made by a newer version. */
  schema: 'current' | 'behind' | 'ahead' | 'unknown';
}

const ANSWER_MS_MAX = 2_000;

/** Whether this process can do its work: the database answers in time, and its schema is the one of this version. */
export async function readiness(ctx: Pick<ServiceContext, 'sql'>): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<null>((done) => {
    timer = setTimeout(() => done(null), ANSWER_MS_MAX);
  });
  const asked = ctx.sql<{ tag: string }[]>`
    select tag from landfall_migration order by applied_at limit 10000`.then(
    (rows) => rows.map((row) => row.tag),
    (error: { code?: string }) => (error.code === '42P01' ? [] : null),
  );
  const applied = await Promise.race([asked, deadline]);
  clearTimeout(timer);
  if (applied === null) return { ready: false, database: 'unreachable', schema: 'unknown' };
  const known = new Set(journal.entries.map((entry) => entry.tag));
  const done = new Set(applied);
  const schema = applied.some((tag) => !known.has(tag))
    ? 'ahead'
    : [...known].every((tag) => done.has(tag))
      ? 'current'
      : 'behind';
  return { ready: schema === 'current', database: 'reachable', schema };
}
