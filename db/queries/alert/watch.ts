import type { Sql } from '@/db/client';
import type { Stage, Strategy } from '@/lib/domain/plan/stages';

export interface Happened {
  planTableId: string;
  name: string;
  sentence: string;
}

/** Runs that failed within the window. */
export async function failedRuns(sql: Sql, windowMs: number): Promise<Happened[]> {
  return await sql<Happened[]>`
    select t.id as "planTableId", t.name, 'The ' || r.kind || ' of ' || t.name || ' failed: '
      || coalesce(r.stop_reason, 'a segment failed') || '.' as sentence
    from run r join plan_table t on t.id = r.plan_table_id
    where r.state = 'failed' and r.finished_at > now() - ${windowMs}::float8 * interval '1 millisecond' limit 100`;
}

/** Fences that were aborted within the window. */
export async function abortedFences(sql: Sql, windowMs: number): Promise<Happened[]> {
  return await sql<Happened[]>`
    select t.id as "planTableId", t.name, 'A fence (' || replace(f.verb, '_', ' ') || ') of ' || t.name || ' was aborted: '
      || coalesce(f.aborted_reason, 'no reason recorded') || ' Nothing was changed.' as sentence
    from fence f join plan_table t on t.id = f.plan_table_id
    where f.step = 'aborted' and f.updated_at > now() - ${windowMs}::float8 * interval '1 millisecond' limit 100`;
}

/** Tables in backup whose source was still asked by an application within the window. */
export async function usedSources(sql: Sql, windowMs: number): Promise<Happened[]> {
  return await sql<Happened[]>`
    select t.id as "planTableId", t.name, t.name || ' is closed, and its source was asked '
      || sum(s.reads_source + s.reads_unroutable) || ' times in the last minute.' as sentence
    from traffic_sample s join plan_table t on t.id = s.plan_table_id
    where t.stage = 'backup' and s.at > greatest(t.backup_since, now() - ${windowMs}::float8 * interval '1 millisecond')
      and s.epoch >= coalesce((select max(release_epoch) from fence where plan_table_id = t.id and verb = 'close_source'), 0)
    group by t.id, t.name having sum(s.reads_source + s.reads_unroutable) > 0 limit 100`;
}

/** Tables under way, whose guardrails are looked at. */
export async function tablesUnderWay(
  sql: Sql,
): Promise<{ planTableId: string; name: string; stage: Stage; strategy: Strategy }[]> {
  return await sql<{ planTableId: string; name: string; stage: Stage; strategy: Strategy }[]>`
    select t.id as "planTableId", t.name, t.stage, p.strategy from plan_table t join plan p on p.id = t.plan_id
    where t.stage not in ('planned', 'backup', 'retired') order by t.id limit 500`;
}
