import { withTransaction } from '@/db/client';
import type { WireItem } from '@/lib/adapters/ports';
import { type LabInput, type LabResult, type LabSide, labInput } from '@/lib/contracts/lab';
import { AppError } from '@/lib/domain/errors';
import { equalValue } from '@/lib/domain/item/compare';
import { type AttributeValue, attributeOf, setAttribute, typeOf } from '@/lib/domain/item/item';
import { storeTargetOf } from '../connection/credentials';
import { PROBE_MS_MAX } from '../connection/probe';
import { scratchKey } from '../connection/scratch-key';
import { sayTrouble } from '../connection/trouble';
import type { Actor, ServiceContext } from '../context';
import { appendAudit } from '../evidence/audit';
import { invalid, parseInput } from '../parse-input';
import { type AssessedTable, requirePlanned } from '../plan/assess-table';
import { requireRole } from '../view/require-role';
import { isFree, LAB_NAME, LAB_VALUE, type LabExperiment, type Ran, runSide } from './lab-side';

/**
 * The condition lab: an expression and a sample item, run on both sides under one scratch key, the outcomes and the
 * images afterwards side by side, and nothing left. It writes to both stores, so it is an operator's own act, only while
 * the table is planned: later a direct write would look like a writer that bypasses the gateways.
 * @throws AppError `input.invalid`, `table.not_found`, `table.move_refused`, `target.scratch_taken`,
 * `connection.unreachable`
 */
export async function runLab(ctx: ServiceContext, actor: Actor, input: LabInput): Promise<LabResult> {
  requireRole(actor, 'operator');
  const given = parseInput(labInput, input);
  const known = await requirePlanned(ctx, given.tableId);
  const experiment = experimentOf(ctx, known, given);
  const source = ctx.makeWire(storeTargetOf(ctx, known.source, PROBE_MS_MAX));
  const target = ctx.makeWire(storeTargetOf(ctx, known.target, PROBE_MS_MAX));
  try {
    const onSource = { ...experiment, table: known.table.name };
    const onTarget = { ...experiment, table: known.table.targetName };
    requireFree(known.source.name, await isFree(source, onSource));
    requireFree(known.target.name, await isFree(target, onTarget));
    const [here, there] = await Promise.all([runSide(source, onSource), runSide(target, onTarget)]);
    const result = resultOf(experiment, here, there);
    await record(ctx, actor, { known, experiment, result });
    return result;
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
}

function requireFree(side: string, free: Awaited<ReturnType<typeof isFree>>): void {
  if (free === true) return;
  if (free === false)
    throw new AppError('target.scratch_taken', `${side} has an item under the scratch key. Nothing was written.`);
  throw new AppError(
    'connection.unreachable',
    `${side} could not be asked whether the scratch key is free: ${sayTrouble(free)}.`,
  );
}

type Given = ReturnType<typeof labInput.parse>;

function experimentOf(ctx: ServiceContext, { table }: AssessedTable, given: Given): LabExperiment {
  const schema = table.keySchema;
  const names = namesOf(given.names);
  const values = attributesOf('values', given.values);
  const item = attributesOf('item', given.item);
  const used = [given.expression, given.condition, given.names, given.values].join(' ');
  if (used.includes(LAB_NAME) || used.includes(LAB_VALUE))
    throw invalid({ expression: `${LAB_NAME} and ${LAB_VALUE} are names of the lab; take others.` });
  for (const part of [schema.partition, schema.sort])
    if (part && item && attributeOf(item, part.name) !== undefined)
      throw invalid({ item: `Leave the key attribute ${part.name} out: the lab gives the item a scratch key.` });
  if (given.kind !== 'update' && given.condition !== '')
    throw invalid({ condition: 'Only an update has a condition beside its expression.' });
  return {
    ...{ table: table.name, schema, kind: given.kind, expression: given.expression, names, values, item },
    condition: given.condition === '' ? null : given.condition,
    key: scratchKey(schema, { random: ctx.random(), step: 0 }),
  };
}

function objectOf(field: string, text: string): Record<string, unknown> | null {
  if (text.trim() === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid({ [field]: 'This is no JSON.' });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid({ [field]: 'Give a JSON object.' });
  return value as Record<string, unknown>;
}

function namesOf(text: string): Record<string, string> | null {
  const names = objectOf('names', text);
  for (const [name, of] of Object.entries(names ?? {}))
    if (!name.startsWith('#') || typeof of !== 'string') throw invalid({ names: 'Each is "#name": "attribute".' });
  return names as Record<string, string> | null;
}

/** Attributes in DynamoDB's JSON; null where the field is empty. */
function attributesOf(field: 'values' | 'item', text: string): WireItem | null {
  const object = objectOf(field, text);
  if (object === null) return null;
  const item: WireItem = {};
  for (const name of Object.keys(object)) {
    const value = object[name];
    const isValue = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isValue || typeOf(value as AttributeValue) === null)
      throw invalid({
        [field]: `${name.slice(0, 60)} needs one type and a value, such as {"S": "text"} or {"N": "5"}.`,
      });
    if (field === 'values' && !name.startsWith(':')) throw invalid({ values: 'Each is ":name": {"S": "text"}.' });
    setAttribute(item, name, value as AttributeValue);
  }
  return item;
}

function resultOf({ key }: LabExperiment, here: Ran, there: Ran): LabResult {
  const isKey = (name: string): boolean => Object.hasOwn(key, name);
  const names = new Set(
    [...Object.keys(here.image ?? {}), ...Object.keys(there.image ?? {})].filter((name) => !isKey(name)),
  );
  const rows = [...names].sort().map((attribute) => {
    const a = here.image ? attributeOf(here.image, attribute) : undefined;
    const b = there.image ? attributeOf(there.image, attribute) : undefined;
    const isDifferent = a === undefined || b === undefined || !equalValue(a, b);
    return { attribute, source: say(a), target: say(b), isDifferent };
  });
  const isEqual =
    here.outcome === there.outcome &&
    (here.image === null) === (there.image === null) &&
    rows.every((row) => !row.isDifferent);
  return { source: sideOf(here, isKey), target: sideOf(there, isKey), isEqual, rows };
}

const say = (value: AttributeValue | undefined): string | null => (value === undefined ? null : JSON.stringify(value));

function sideOf({ image, ...ran }: Ran, isKey: (name: string) => boolean): LabSide {
  if (image === null) return { ...ran, image: null };
  const shown = Object.keys(image).filter((name) => !isKey(name));
  return { ...ran, image: Object.fromEntries(shown.map((name) => [name, JSON.stringify(image[name])])) };
}

interface Recorded {
  known: AssessedTable;
  experiment: LabExperiment;
  result: LabResult;
}

/** The expression is recorded; names, values and items are not. */
async function record(ctx: ServiceContext, actor: Actor, { known, experiment, result }: Recorded): Promise<void> {
  const { kind, expression, condition } = experiment;
  const { source, target, isEqual } = result;
  const left = [source, target].filter((side) => !side.isClean).length;
  const detail = { kind, expression, condition, source: source.outcome, target: target.outcome, isEqual, left };
  await withTransaction(ctx.db, (tx) =>
    appendAudit(ctx, tx, { action: 'table.lab', actor, subject: known.table.id, detail }),
  );
}
