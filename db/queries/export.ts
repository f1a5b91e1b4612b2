/** The export that a backfill reads: where it lies and what its manifests say. */
import type { Sql } from '@/db/client';
import type { ExportLocation } from '@/lib/domain/export/export';

export async function exportLocation(sql: Sql, planTableId: string): Promise<ExportLocation | null> {
  const rows = await sql<{ location: ExportLocation }[]>`
    select location from export_source where plan_table_id = ${planTableId}`;
  return rows[0]?.location ?? null;
}

/** Exports that DynamoDB was asked for and that are not known to be complete. */
export async function exportsUnderWay(sql: Sql): Promise<{ planTableId: string; exportArn: string }[]> {
  return await sql<{ planTableId: string; exportArn: string }[]>`
    select plan_table_id as "planTableId", export_arn as "exportArn" from export_source
    where state = 'exporting' and export_arn is not null order by plan_table_id limit 100`;
}
