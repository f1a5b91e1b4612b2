import { bigint, timestamp } from 'drizzle-orm/pg-core';

/** An instant, with time zone, as a Date. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
/** A count or an epoch; below 2^53, so a JavaScript number is exact. */
export const count = (name: string) => bigint(name, { mode: 'number' });
