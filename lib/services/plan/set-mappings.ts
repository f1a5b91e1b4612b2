import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { type DbTransaction, withTransaction } from '@/db/client';
import { readConnection } from '@/db/queries/connection/connections';
import { type LockedTable, lockTable } from '@/db/queries/facts/lock';
import { type PlanTableRow, readPlan, readPlanTable } from '@/db/queries/plan/plans';
import { planTable } from '@/db/schema';
import { describeTable, describeTimeToLive, type TableDescription } from '@/lib/adapters/dynamodb/tables';
import { CHECKS, type CheckResult } from '@/lib/domain/assessment/checks';
import { mappingsCheck } from '@/lib/domain/assessment/mapping-check';
import { AppError } from '@/lib/domain/errors';
import { type MappingGround, mappingFaults, sayMappings } from '@/lib/domain/mapping/check';
import { MAPPING_KINDS, type Mapping } from '@/lib/domain/mapping/mapping';
import { storeTargetOf } from '../connection/credentials';
import { PROBE_MS_MAX } from '../connection/probe';
import { sayTrouble } from '../connection/trouble';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { invalid, parseInput } from '../parse-input';
import { requireRole } from '../view/require-role';

const FORM_MAX = 200;

export const mappingsInput = z.object({
  tableId: z.string(),
  /** The table's version that the person saw. */
  version: z.number().int(),
  mappings: z
    .array(
      z.object({
        attribute: z.string().max(1_000),
        kind: z.enum(MAPPING_KINDS, `One of ${MAPPING_KINDS.join(', ')}.`),
      }),
    )
    .max(FORM_MAX, `At most ${FORM_MAX}.`),
});

/**
 * Chooses the attributes of a table that have another form on the target; an empty list turns all off. Only while the
 * table is planned: what is copied or mirrored already would keep its form. The source is asked now which attributes are
 * keys of indexes or its TTL. The table gets a new version, so a dry run from before is void.
 * @throws AppError `input.invalid` naming `mappings.<at>.attribute`, `table.not_found`, `table.mappings_fixed`,
 * `input.stale_form`, `connection.unreachable`
 */
export async function setMappings(
  ctx: ServiceContext,
  actor: Actor,
  input: z.input<typeof mappingsInput>,
): Promise<void> {
  requireRole(actor, 'operator');
  const { tableId, version, mappings } = parseInput(mappingsInput, input);
  const known = await readPlanTable(ctx.db, tableId);
  if (!known) throw new AppError('table.not_found', 'There is no such table.');
  requirePlanned(known);
  const ground = mappings.length === 0 ? null : await groundNow(ctx, known);
  const faults = ground === null ? {} : mappingFaults(mappings, ground);
  if (Object.keys(faults).length > 0) throw invalid(faults);
  await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, tableId);
    if (!table) throw new AppError('table.not_found', 'There is no such table.');
    requirePlanned(table);
    if (table.version !== version)
      throw new AppError(
        'input.stale_form',
        `${table.name} was changed meanwhile (version ${table.version}). Nothing was changed.`,
      );
    await store(ctx, tx, { actor, table, mappings, ground });
  });
}

/** An abandon that gateways have not acknowledged yet: some may still mirror in the form of before. */
function requirePlanned(table: Pick<PlanTableRow, 'name' | 'stage'> | LockedTable): void {
  const isLeaving = 'isBarrierOpen' in table && table.isBarrierOpen;
  if (table.stage === 'planned' && !isLeaving) return;
  throw new AppError(
    'table.mappings_fixed',
    `${table.name} is under way, and what is on the target already has the form that was chosen. Abandon it to choose anew; it is then copied again. Nothing was changed.`,
  );
}

async function groundNow(ctx: ServiceContext, table: PlanTableRow): Promise<MappingGround> {
  const plan = await readPlan(ctx.db, table.planId);
  const source = plan ? await readConnection(ctx.db, plan.sourceConnectionId) : null;
  if (!source) throw new AppError('table.not_found', 'There is no such table.');
  const wire = ctx.makeWire(storeTargetOf(ctx, source, PROBE_MS_MAX));
  try {
    const [described, ttl] = await Promise.all([describeTable(wire, table.name), describeTimeToLive(wire, table.name)]);
    if (described.kind === 'ok') return groundOf(described.value, ttl.kind === 'ok' ? ttl.value : table.ttlAttribute);
    throw new AppError(
      'connection.unreachable',
      `${source.name} could not be asked which attributes are keys of indexes: ${sayTrouble(described)}. Nothing was changed.`,
    );
  } finally {
    await wire.close();
  }
}

/** What the description of a table says of attributes that may not be mapped. Every declared attribute is a key of something. */
export function groundOf(description: TableDescription, ttlAttribute: string | null): MappingGround {
  const { key, indexes, raw } = description;
  const indexKeys = indexes.flatMap(({ name, key: own }) =>
    [own?.partition, own?.sort].flatMap((one) => (one ? [{ attribute: one.name, index: name as string | null }] : [])),
  );
  const declared = Array.isArray(raw.AttributeDefinitions) ? raw.AttributeDefinitions : [];
  for (const one of declared as { AttributeName?: unknown }[]) {
    if (typeof one?.AttributeName === 'string') indexKeys.push({ attribute: one.AttributeName, index: null });
  }
  return { key, ttlAttribute, indexKeys };
}

interface Choice {
  actor: Actor;
  table: LockedTable;
  mappings: Mapping[];
  ground: MappingGround | null;
}

async function store(ctx: ServiceContext, tx: DbTransaction, choice: Choice): Promise<void> {
  const { actor, table, mappings, ground } = choice;
  const before = await readPlanTable(tx, table.id);
  const assessment = before?.assessment ? withCheck(before.assessment, choice) : null;
  await tx
    .update(planTable)
    .set({
      mappings,
      ...(ground ? { ttlAttribute: ground.ttlAttribute } : {}),
      ...(assessment ? { assessment } : {}),
      version: sql`${planTable.version} + 1`,
    })
    .where(sql`${planTable.id} = ${table.id}`);
  const sentence =
    mappings.length === 0
      ? `${table.name}: no attribute is mapped.`
      : `${table.name}: mapped on the way to TerraScale: ${sayMappings(mappings)}.`;
  const at = { planId: table.planId, planTableId: table.id };
  const change = { before: { mappings: before?.mappings ?? [] }, after: { mappings } };
  await appendEvent(ctx, tx, { ...at, kind: 'mappings.chosen', sentence, actor, ...change });
  await appendAudit(ctx, tx, { action: 'table.set_mappings', actor, subject: table.id, detail: change });
}

/** What the assessment says of mappings, as it stands now; the others stay. */
function withCheck(assessment: CheckResult[], { mappings, ground }: Choice): CheckResult[] {
  if (ground === null && mappings.length > 0) return assessment;
  const found: CheckResult = { check: 'mappings', ...mappingsCheck({ mappings, ground, candidates: [] }) };
  const others = assessment.filter((one) => one.check !== found.check);
  return [...others, found].sort((a, b) => CHECKS.indexOf(a.check) - CHECKS.indexOf(b.check));
}
