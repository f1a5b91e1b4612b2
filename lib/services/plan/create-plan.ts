import type { z } from 'zod';
import { sqlStateOf, withTransaction } from '@/db/client';
import { type ConnectionRow, readConnection } from '@/db/queries/connection/connections';
import {
  aliasesLike,
  deleteDraft,
  insertPlan,
  lockSource,
  type NewPlanTable,
  tablesTaken,
} from '@/db/queries/plan/plans';
import { type PlanInput, planInput } from '@/lib/contracts/plan';
import { AppError } from '@/lib/domain/errors';
import { SHADOW_MILLI_DEFAULT } from '@/lib/domain/routing/shadow';
import { isLoopback } from '../connection/endpoint-guard';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { once } from '../evidence/idempotency';
import { invalid, parseInput } from '../parse-input';
import { requireRole } from '../view/require-role';
import { type DescribedTable, describeTables } from './describe-tables';
import { settingsOf } from './plan-settings';

const UNIQUE_VIOLATION = '23505';

type Given = z.output<typeof planInput>;

/**
 * Makes a plan over tables that are described live. Nothing of production is touched. Role operator.
 * @throws AppError `input.invalid` with fields, `plan.no_tables`, `plan.profile_refused`, `plan.timeouts_too_long`,
 * `plan.name_taken`, `plan.table_in_use`, `source.table_not_found`, `connection.not_found`, `connection.unreachable`
 */
export async function createPlan(
  ctx: ServiceContext,
  actor: Actor,
  input: PlanInput & { idempotencyKey?: string | null },
): Promise<{ planId: string; tableIds: string[] }> {
  requireRole(actor, 'operator');
  const { idempotencyKey = null, ...rest } = input;
  const given = parseInput(planInput, rest);
  checkTables(given);
  const { source } = await connectionsOf(ctx, given);
  if (given.profile === 'rehearsal' && !isLoopback(source.endpoint))
    throw new AppError('plan.profile_refused', {
      sentence: `${source.name} is at ${source.endpoint}, which is not this machine: a rehearsal would wait too briefly for it.`,
      fields: { profile: 'Choose production.' },
    });
  const settings = settingsOf(given.profile, given.settings);
  const described = await describeTables(
    ctx,
    source,
    given.tables.map((table) => table.name),
  );
  const ask = { key: idempotencyKey, action: 'plan.create', actorId: actor.id, payload: given };
  try {
    return await withTransaction(ctx.db, (tx) =>
      once(tx, ask, async () => {
        await lockSource(tx, source.id);
        const names = given.tables.map((table) => table.name);
        const taken = await tablesTaken(tx, { connectionId: source.id, names });
        if (taken.length > 0) throw tableInUse(given, taken);
        const planId = ctx.newId('plan');
        const alias = freeAlias(given.name, await aliasesLike(tx, slugOf(given.name)));
        const { name, strategy, sourceConnectionId, targetConnectionId } = given;
        const row = { id: planId, name, alias, strategy, sourceConnectionId, targetConnectionId, settings };
        const tables = tablesOf(ctx, { planId, given, described });
        await insertPlan(tx, { ...row, createdBy: actor.id }, tables);
        await deleteDraft(tx, actor.id);
        const sentence = `Plan ${name} was made: ${strategy.replace('_', ' ')}, ${tables.length} ${tables.length === 1 ? 'table' : 'tables'}.`;
        const after = { name, strategy, tables: tables.map((table) => table.name), settings };
        await appendEvent(ctx, tx, { planId, kind: 'plan.created', sentence, actor, after });
        await appendAudit(ctx, tx, { action: 'plan.create', actor, subject: planId, detail: after, idempotencyKey });
        return { planId, tableIds: tables.map((table) => table.id) };
      }),
    );
  } catch (error) {
    if (sqlStateOf(error) !== UNIQUE_VIOLATION) throw error;
    throw new AppError('plan.name_taken', {
      sentence: `There is a plan called ${given.name} already. Nothing was changed.`,
      fields: { name: 'Choose another name.' },
    });
  }
}

function checkTables(given: Given): void {
  if (given.tables.length === 0)
    throw new AppError('plan.no_tables', {
      sentence: 'Choose at least one table.',
      fields: { tables: 'Choose at least one table.' },
    });
  const fields: Record<string, string> = {};
  const [names, targets] = [new Set<string>(), new Set<string>()];
  given.tables.forEach((table, at) => {
    const target = table.targetName || table.name;
    if (names.has(table.name)) fields[`tables.${at}.name`] = `${table.name} is in the list already.`;
    else if (targets.has(target)) fields[`tables.${at}.targetName`] = `Another table goes to ${target} already.`;
    names.add(table.name);
    targets.add(target);
  });
  if (Object.keys(fields).length > 0) throw invalid(fields);
}

async function connectionsOf(
  ctx: ServiceContext,
  given: Given,
): Promise<{ source: ConnectionRow; target: ConnectionRow }> {
  const [source, target] = await Promise.all([
    readConnection(ctx.db, given.sourceConnectionId),
    readConnection(ctx.db, given.targetConnectionId),
  ]);
  const missing = (field: string): AppError =>
    new AppError('connection.not_found', {
      sentence: 'There is no such connection.',
      fields: { [field]: 'Choose a connection.' },
    });
  if (!source) throw missing('sourceConnectionId');
  if (!target) throw missing('targetConnectionId');
  if (source.kind !== 'dynamodb') throw invalid({ sourceConnectionId: 'The source must be a DynamoDB connection.' });
  if (source.id === target.id || (source.endpoint === target.endpoint && source.kind === target.kind))
    throw invalid({ targetConnectionId: 'The target must be another store than the source.' });
  return { source, target };
}

function tableInUse(given: Given, taken: readonly { name: string; planName: string }[]): AppError {
  const fields: Record<string, string> = {};
  for (const { name, planName } of taken) {
    const at = given.tables.findIndex((table) => table.name === name);
    fields[`tables.${at}.name`] = `Plan ${planName} has this table.`;
  }
  const first = taken[0]!;
  const sentence = `Plan ${first.planName} has ${first.name} already. Nothing was changed.`;
  return new AppError('plan.table_in_use', { sentence, fields });
}

function tablesOf(
  ctx: ServiceContext,
  from: { planId: string; given: Given; described: readonly DescribedTable[] },
): (NewPlanTable & { id: string; name: string })[] {
  const aliases = new Set<string>();
  return from.given.tables.map((table, at) => {
    const { keySchema, ttlAttribute, itemCount, sizeBytes, indexes, streamView } = from.described[at]!;
    const alias = freeAlias(table.name, [...aliases]);
    aliases.add(alias);
    return {
      id: ctx.newId('table'),
      planId: from.planId,
      name: table.name,
      alias,
      targetName: table.targetName || table.name,
      // In a big bang nobody writes during the copy, so there is nothing to carry.
      liveChannel: from.given.strategy === 'big_bang' ? ('gateway' as const) : (table.liveChannel ?? 'gateway'),
      wave: from.given.strategy === 'incremental' ? (table.wave ?? 1) : 1,
      position: at + 1,
      keySchema,
      ttlAttribute,
      shape: { itemCount, sizeBytes, indexes, streamView, ttlAttribute, atMs: ctx.clock.nowMs() },
      // A bucket must not change through pause, roll-back and resume, so the salt is fixed here and never again.
      salt: `${table.name}:v1:${ctx.random()}`,
      shadowMilli: SHADOW_MILLI_DEFAULT[from.given.profile],
    };
  });
}

export const slugOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60) || 'plan';

/** The name in letters, digits, `_` and `-`, with a number where another has it. */
export function freeAlias(name: string, taken: readonly string[]): string {
  const slug = slugOf(name);
  const used = new Set(taken);
  if (!used.has(slug)) return slug;
  for (let number = 2; ; number += 1) if (!used.has(`${slug}-${number}`)) return `${slug}-${number}`;
}
