import { withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { readPlanTable, setTableColumns } from '@/db/queries/plan/plans';
import { BATCH_GET_KEYS_MAX, batchGet } from '@/lib/adapters/dynamodb/batch';
import type { StoreWire } from '@/lib/adapters/ports';
import { CHECKS, type CheckResult } from '@/lib/domain/assessment/checks';
import { roundTripCheck, type TypeRoundTrip } from '@/lib/domain/assessment/round-trip/report';
import { AppError } from '@/lib/domain/errors';
import { storeTargetOf } from '../connection/credentials';
import { PROBE_MS_MAX } from '../connection/probe';
import { roundTrip } from '../connection/round-trip';
import { roundTripKeys } from '../connection/round-trip-probes';
import { sayTrouble } from '../connection/trouble';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { requireRole } from '../view/require-role';
import { type AssessedTable, requirePlanned, requireStillPlanned } from './assess-table';

/**
 * The type round trip of a table: values of every type are written to its target in scratch keys, read back and deleted,
 * and what differs becomes a check of the assessment. It writes to the target, so it is an operator's own act and is
 * refused once the table is under way, and where any of its keys is taken on either side.
 * @throws AppError `table.not_found`, `table.move_refused`, `target.scratch_taken`, `connection.unreachable`
 */
export async function proveTypes(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string },
): Promise<{ roundTrip: TypeRoundTrip }> {
  requireRole(actor, 'operator');
  const known = await requirePlanned(ctx, input.tableId);
  const source = ctx.makeWire(storeTargetOf(ctx, known.source, PROBE_MS_MAX));
  const target = ctx.makeWire(storeTargetOf(ctx, known.target, PROBE_MS_MAX));
  try {
    const { table } = known;
    const ask = { table: table.targetName, key: table.keySchema, random: ctx.random() };
    await requireFree(source, { known, table: table.name, random: ask.random, side: known.source.name });
    await requireFree(target, { known, table: table.targetName, random: ask.random, side: known.target.name });
    const rest = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
    const found = await roundTrip(target, { ...ask, rest });
    const trip: TypeRoundTrip = { ...found, atMs: ctx.clock.nowMs(), by: actor.name };
    await store(ctx, { actor, known, trip });
    return { roundTrip: trip };
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
}

interface Looked {
  known: AssessedTable;
  table: string;
  random: string;
  side: string;
}

/** None of the keys may be there, on the side that is written and on the side that is the truth. */
async function requireFree(wire: StoreWire, { known, table, random, side }: Looked): Promise<void> {
  const schema = known.table.keySchema;
  const keys = roundTripKeys({ key: schema, random });
  for (let at = 0; at < keys.length; at += BATCH_GET_KEYS_MAX) {
    const read = await batchGet(wire, { table, schema, keys: keys.slice(at, at + BATCH_GET_KEYS_MAX) });
    const [trouble] = read.unread.values();
    if (trouble !== undefined) {
      const why = trouble === 'unprocessed' ? 'it left keys unanswered' : sayTrouble(trouble);
      throw new AppError('connection.unreachable', `${side} could not be asked whether scratch keys are free: ${why}.`);
    }
    if (read.found.size > 0)
      throw new AppError(
        'target.scratch_taken',
        `${table} on ${side} has an item whose key begins with landfall-probe-${random}. Nothing was written.`,
      );
  }
}

interface Outcome {
  actor: Actor;
  known: AssessedTable;
  trip: TypeRoundTrip;
}

async function store(ctx: ServiceContext, { actor, known, trip }: Outcome): Promise<void> {
  const { table } = known;
  const found: CheckResult = { check: 'type_round_trip', ...roundTripCheck(trip) };
  await withTransaction(ctx.db, async (tx) => {
    await lockTable(tx, table.id);
    const now = await readPlanTable(tx, table.id);
    requireStillPlanned(now, table.name);
    const others = now?.assessment?.filter((one) => one.check !== found.check);
    // Without an assessment there is none to add to; the next one reads what is stored here.
    const assessment = others ? sorted([...others, found]) : null;
    await setTableColumns(tx, table.id, { typeRoundTrip: trip, ...(assessment ? { assessment } : {}) });
    const left = trip.left === 0 ? '' : ` ${trip.left} probe items (${trip.scratch}…) may still be on the target.`;
    const sentence = `Types of ${table.name} were written to the target and read back: ${found.observed}.${left}`;
    const at = { planId: table.planId, planTableId: table.id };
    await appendEvent(ctx, tx, { ...at, kind: 'types.round_trip', sentence, actor, after: { state: found.state } });
    const detail = {
      state: found.state,
      differences: trip.differences.length,
      requests: trip.requests,
      left: trip.left,
    };
    await appendAudit(ctx, tx, { action: 'table.prove_types', actor, subject: table.id, detail });
  });
}

const sorted = (checks: CheckResult[]): CheckResult[] =>
  checks.sort((a, b) => CHECKS.indexOf(a.check) - CHECKS.indexOf(b.check));
