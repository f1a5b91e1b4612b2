import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { SqlDifference, SqlReadBackState } from '@/lib/domain/run/sql-read-back';
import { instant } from './columns';
import { planTable } from './plan';

/** A look at a drawn sample of copied keys through TerraScale's SQL: who asked for it, and what was found. Gates nothing. */
export const sqlReadBack = pgTable(
  'sql_read_back',
  {
    id: text('id').primaryKey(),
    planTableId: text('plan_table_id')
      .notNull()
      .references(() => planTable.id),
    state: text('state').$type<SqlReadBackState>().notNull().default('waiting'),
    /** Keys to draw, at most. */
    itemsMax: integer('items_max').notNull(),
    drawn: integer('drawn').notNull().default(0),
    equal: integer('equal').notNull().default(0),
    /** Written meanwhile, or dirty: nobody can say. */
    moving: integer('moving').notNull().default(0),
    expired: integer('expired').notNull().default(0),
    unreadable: integer('unreadable').notNull().default(0),
    /** Keys that differ, with the names of their attributes; values never stand here. */
    differences: jsonb('differences').$type<SqlDifference[]>().notNull().default([]),
    statements: integer('statements').notNull().default(0),
    /** Why the connection has no SQL, or why the look ended without a result; null where it has one. */
    reason: text('reason'),
    startedBy: text('started_by').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    finishedAt: instant('finished_at'),
  },
  (t) => [
    index('sql_read_back_table').on(t.planTableId, t.createdAt),
    uniqueIndex('sql_read_back_open').on(t.planTableId).where(sql`state in ('waiting', 'running')`),
  ],
);
