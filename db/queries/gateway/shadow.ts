/** Samples of shadow reads as a gateway stores them: the first so many of a table and class, one row a key. */
import { randomBytes } from 'node:crypto';
import type { Sql } from '@/db/client';
import { makeId } from '@/lib/domain/ids';
import type { MismatchClass } from '@/lib/domain/run/states';

export const SAMPLES_PER_CLASS_MAX = 1_000;

export interface NewShadowSample {
  planTableId: string;
  gatewayId: string;
  keyId: string;
  class: MismatchClass;
  attributes: { attribute: string; class: MismatchClass }[];
  sourceSealed: string | null;
  targetSealed: string | null;
  answeredBy: 'source' | 'target';
  operation: string;
  epoch: number;
  isMarked: boolean;
}

/** A key that is known already takes the newest images; a new one is kept while its class has room. */
export async function insertShadowSamples(sql: Sql, rows: readonly NewShadowSample[]): Promise<void> {
  for (const row of rows) {
    const attributes = sql.json(row.attributes.map((one) => ({ ...one })));
    const id = makeId('shadowSample', randomBytes(10).toString('hex'));
    await sql`
      insert into shadow_sample as s (id, plan_table_id, gateway_id, key_id, class, attributes, source_sealed,
        target_sealed, answered_by, operation, epoch, marked)
      select ${id}, t.id, ${row.gatewayId}, ${row.keyId}, ${row.class}, ${attributes}, ${row.sourceSealed},
        ${row.targetSealed}, ${row.answeredBy}, ${row.operation}, ${row.epoch}::bigint, ${row.isMarked}
      from plan_table t where t.id = ${row.planTableId}
        and (exists (select 1 from shadow_sample k
              where k.plan_table_id = t.id and k.key_digest = key_digest(${row.keyId}))
          or (select count(*) from shadow_sample k where k.plan_table_id = t.id and k.class = ${row.class})
            < ${SAMPLES_PER_CLASS_MAX})
      on conflict (plan_table_id, key_digest) do update set gateway_id = excluded.gateway_id, class = excluded.class,
        attributes = excluded.attributes, source_sealed = excluded.source_sealed,
        target_sealed = excluded.target_sealed, answered_by = excluded.answered_by, operation = excluded.operation,
        epoch = excluded.epoch, marked = excluded.marked, seen = s.seen + 1, last_seen_at = now(),
        repaired_by = null, repaired_at = null`;
  }
}
