import { sql } from 'drizzle-orm';
import type { DbTransaction } from '@/db/client';
import type { KeySchema } from '@/lib/domain/item/item';
import type { PlanSettings } from '@/lib/domain/plan/facts';
import type { Stage, Strategy } from '@/lib/domain/plan/stages';

/** What a move needs of a table before it looks at the facts. */
export interface LockedTable {
  id: string;
  planId: string;
  name: string;
  targetName: string;
  stage: Stage;
  version: number;
  readShareMilli: number;
  strategy: Strategy;
  settings: PlanSettings;
  keySchema: KeySchema;
  sourceConnectionId: string;
  targetConnectionId: string;
  holdKind: string | null;
  barrierVerb: string | null;
  barrierHalf: number | null;
  barrierEpoch: number | null;
  isBarrierOpen: boolean;
  lastChangeBy: string | null;
  lastChangeAgeMs: number | null;
}

/**
 * Locks the table's row to the end of the transaction: moves, barriers and fence steps of one table run one after the
 * other. Everybody takes this lock first, the routing head second and the audit chain last, so nobody deadlocks.
 */
export async function lockTable(tx: DbTransaction, planTableId: string): Promise<LockedTable | null> {
  const rows = await tx.execute<LockedTable & Record<string, unknown>>(sql`
    select t.id, t.plan_id as "planId", t.name, t.target_name as "targetName", t.stage, t.version,
      t.read_share_milli as "readShareMilli", p.strategy, p.settings, t.key_schema as "keySchema",
      p.source_connection_id as "sourceConnectionId", p.target_connection_id as "targetConnectionId",
      t.hold_kind as "holdKind", t.barrier_verb as "barrierVerb", t.barrier_half as "barrierHalf",
      t.barrier_epoch::float8 as "barrierEpoch",
      (t.barrier_verb is not null and t.barrier_passed_at is null) as "isBarrierOpen",
      t.last_change_by as "lastChangeBy",
      (extract(epoch from clock_timestamp() - t.last_change_at) * 1000)::float8 as "lastChangeAgeMs"
    from plan_table t join plan p on p.id = t.plan_id where t.id = ${planTableId} for update of t`);
  return rows[0] ?? null;
}
