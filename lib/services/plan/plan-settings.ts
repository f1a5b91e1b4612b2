import { type DbTransaction, withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { hasOpenFence, type PlanRow, readPlan, readPlanTables, updatePlanRow } from '@/db/queries/plan/plans';
import { type PlanSettingsChange, planSettingsChange } from '@/lib/contracts/plan';
import { AppError } from '@/lib/domain/errors';
import { type PlanSettings, PROFILES } from '@/lib/domain/plan/facts';
import { isTimeoutTooLong, SETTING_NAMES, type SettingName, settingFaults } from '@/lib/domain/plan/setting-bounds';
import { routingOf } from '@/lib/domain/plan/steps';
import { formatMs } from '@/lib/domain/units';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { appendEvent } from '../evidence/event';
import { invalid, parseInput } from '../parse-input';
import { publish } from '../routing/publish';
import { requireRole } from '../view/require-role';

/** Settings that gateways obey; a change of one is published to every table under way. */
const ROUTED: ReadonlySet<SettingName> = new Set([
  'mirrorWaitMsMax',
  'holdMsMax',
  'deltaMs',
  'storeTimeoutMs',
  'feedAgeMsMax',
]);

/**
 * A profile with overrides, within bounds.
 * @throws AppError `input.invalid` naming `settings.<name>`, `plan.timeouts_too_long`
 */
export function settingsOf(profile: PlanSettings['profile'], overrides: Record<string, number> = {}): PlanSettings {
  return withOverrides(PROFILES[profile], overrides);
}

function withOverrides(base: PlanSettings, overrides: Record<string, number>): PlanSettings {
  const fields: Record<string, string> = {};
  for (const name of Object.keys(overrides))
    if (!SETTING_NAMES.includes(name as SettingName)) fields[`settings.${name}`] = `There is no setting ${name}.`;
  const settings: PlanSettings = { ...base, ...overrides };
  for (const [name, sentence] of Object.entries(settingFaults(settings))) fields[`settings.${name}`] = sentence;
  if (Object.keys(fields).length > 0) throw invalid(fields);
  if (isTimeoutTooLong(settings)) {
    const sentence = `A store request may take ${formatMs(settings.storeTimeoutMs)}; that must be below half of the hold bound of ${formatMs(settings.holdMsMax)}.`;
    throw new AppError('plan.timeouts_too_long', { sentence, fields: { 'settings.storeTimeoutMs': sentence } });
  }
  return settings;
}

/**
 * Changes settings of a plan while it runs. The profile stays what it was. Loosening a wait is not refused here: the
 * gates show the new limit, and the record shows who set it. Refused while a fence of the plan is open.
 * @throws AppError `plan.not_found`, `input.invalid`, `plan.timeouts_too_long`, `input.stale_form`
 */
export async function updatePlanSettings(ctx: ServiceContext, actor: Actor, input: PlanSettingsChange): Promise<void> {
  requireRole(actor, 'approver');
  const given = parseInput(planSettingsChange, input);
  await withTransaction(ctx.db, async (tx) => {
    const plan = await readPlan(tx, given.planId);
    if (!plan) throw new AppError('plan.not_found', 'There is no such plan.');
    const settings = withOverrides(plan.settings, given.settings);
    const isFirst = await updatePlanRow(tx, { id: plan.id, version: given.version }, { settings });
    if (!isFirst)
      throw new AppError(
        'input.stale_form',
        `Plan ${plan.name} was changed at ${plan.updatedAt.toISOString()} (version ${plan.version}). Nothing was changed.`,
      );
    const changed = SETTING_NAMES.filter((name) => plan.settings[name] !== settings[name]);
    if (changed.some((name) => ROUTED.has(name))) await publishTables(tx, plan);
    const pick = (from: PlanSettings) => Object.fromEntries(changed.map((name) => [name, from[name]]));
    const [before, after] = [pick(plan.settings), pick(settings)];
    const sentence = `Settings of plan ${plan.name} were changed: ${changed.join(', ') || 'nothing'}.`;
    await appendEvent(ctx, tx, { planId: plan.id, kind: 'plan.settings_changed', sentence, actor, before, after });
    await appendAudit(ctx, tx, { action: 'plan.update_settings', actor, subject: plan.id, detail: { before, after } });
  });
}

/** Publishes the new numbers for every table under way; one that is being fenced or waits at a barrier refuses. */
async function publishTables(tx: DbTransaction, plan: PlanRow): Promise<void> {
  const tables = await readPlanTables(tx, plan.id);
  const live = tables.filter((table) => table.stage !== 'planned' && table.stage !== 'retired');
  // Always in the same order, so that two changes of one plan cannot wait for each other.
  for (const { id } of [...live].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const table = await lockTable(tx, id);
    if (!table) continue;
    if (table.isBarrierOpen || (await hasOpenFence(tx, id)))
      throw new AppError(
        'table.move_refused',
        `${table.name} is in the middle of a move; its settings may change when that is done. Nothing was changed.`,
      );
    await publish(tx, id, routingOf(table.strategy, table.stage, table.readShareMilli));
  }
}
