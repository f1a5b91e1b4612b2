import { sql } from 'drizzle-orm';
import { bigint, customType, timestamp } from 'drizzle-orm/pg-core';

/** An instant, with time zone, as a Date. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
/** A count or an epoch; below 2^53, so a JavaScript number is exact. */
export const count = (name: string) => bigint(name, { mode: 'number' });

const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
/**
 * SHA-256 of `key_id`, computed by the database. Keys are unique by it: a key id can be longer than an index row of
 * Postgres (2,704 bytes), because a legal key has 3 KB and a JSON text of it six times that.
 */
export const keyDigest = () => bytes('key_digest').notNull().generatedAlwaysAs(sql`key_digest(key_id)`);
