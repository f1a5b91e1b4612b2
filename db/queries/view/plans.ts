import type { Sql } from '@/db/client';
import type { PlanSettings } from '@/lib/domain/plan/facts';
import type { Strategy } from '@/lib/domain/plan/stages';

export const PLANS_MAX = 200;

export interface PlanRecord {
  id: string;
  name: string;
  strategy: Strategy;
  settings: PlanSettings;
  sourceId: string;
  sourceName: string;
  sourceEndpoint: string;
  targetId: string;
  targetName: string;
  targetEndpoint: string;
  createdBy: string;
  createdAt: Date;
  version: number;
  rollbackDocument: string | null;
  trainedPeople: string | null;
  downtimeAcknowledgedBy: string | null;
}

/** Plans, newest first, or the one asked for. */
export async function readPlans(sql: Sql, planId: string | null): Promise<PlanRecord[]> {
  return await sql<PlanRecord[]>`
    select p.id, p.name, p.strategy, p.settings, s.id as "sourceId", s.name as "sourceName",
      s.endpoint as "sourceEndpoint", t.id as "targetId", t.name as "targetName", t.endpoint as "targetEndpoint",
      coalesce(u.name, p.created_by) as "createdBy", p.created_at as "createdAt", p.version,
      p.rollback_document as "rollbackDocument", p.trained_people as "trainedPeople",
      p.downtime_acknowledged_by as "downtimeAcknowledgedBy"
    from plan p
    join connection s on s.id = p.source_connection_id
    join connection t on t.id = p.target_connection_id
    left join "user" u on u.id = p.created_by
    where (${planId}::text is null or p.id = ${planId})
    order by p.created_at desc, p.id limit ${PLANS_MAX}`;
}
