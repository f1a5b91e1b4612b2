import { integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { ExportLocation, ExportManifest } from '@/lib/domain/export/export';
import { count, instant } from './columns';
import { planTable } from './plan';

/** The export that the next backfill of a table reads instead of scanning it; no row: it scans. */
export const exportSource = pgTable('export_source', {
  planTableId: text('plan_table_id')
    .primaryKey()
    .references(() => planTable.id),
  location: jsonb('location').$type<ExportLocation>().notNull(),
  /** `exporting`: asked of DynamoDB and not complete; `ready`: manifests were read and checked. */
  state: text('state').$type<'exporting' | 'ready' | 'failed'>().notNull(),
  manifests: jsonb('manifests').$type<ExportManifest[]>().notNull().default([]),
  /** What the last of them shows. */
  shownUntilAt: instant('shown_until_at'),
  itemCount: count('item_count').notNull().default(0),
  filesTotal: integer('files_total').notNull().default(0),
  exportArn: text('export_arn'),
  failure: text('failure'),
  chosenBy: text('chosen_by').notNull(),
  chosenAt: instant('chosen_at').notNull().defaultNow(),
});
