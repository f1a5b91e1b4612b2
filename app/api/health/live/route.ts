export const dynamic = 'force-dynamic';

/** The process answers. Says nothing of the database, so that its loss restarts nobody. */
export const GET = (): Response => Response.json({ live: true }, { headers: { 'cache-control': 'no-store' } });
