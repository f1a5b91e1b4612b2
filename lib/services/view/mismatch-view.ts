import { readMismatch } from '@/db/queries/view/runs';
import type { MismatchView } from '@/lib/contracts/views';
import { AppError } from '@/lib/domain/errors';
import { differences } from '@/lib/domain/item/compare';
import { type AttributeValue, attributeOf, typeOf, type WireItem } from '@/lib/domain/item/item';
import { itemBytes } from '@/lib/domain/item/size';
import { formNote } from '@/lib/domain/mapping/check';
import { authorityOf } from '@/lib/domain/plan/stages';
import { formatBytes } from '@/lib/domain/units';
import type { Actor, ServiceContext } from '../context';
import { hasRole, requireRole } from './require-role';
import { toMismatchRow } from './run-view';

/** The worker seals images with this purpose. */
export const IMAGE_PURPOSE = 'mismatch';
const ATTRIBUTES_MAX = 1_000;
const VALUE_CHARS_MAX = 4_000;

/**
 * Both images of a mismatch side by side. Values are for operators and above; a viewer sees their type and size.
 * @throws AppError `mismatch.not_found`
 */
export async function mismatchView(
  ctx: ServiceContext,
  actor: Actor,
  input: { tableId: string; mismatchId: string },
): Promise<MismatchView> {
  requireRole(actor, 'viewer');
  const row = await readMismatch(ctx.sql, input.tableId, input.mismatchId);
  if (!row) throw new AppError('mismatch.not_found', 'There is no such mismatch on this table.');
  const mayReadValues = hasRole(actor, 'operator');
  return {
    ...toMismatchRow(row, { mayReadValues, authority: authorityOf(row.stage) }),
    masked: !mayReadValues,
    // A worker compares in the form of the target.
    formNote: formNote(row.mappings, 'target'),
    rows: imageRows(ctx, row, mayReadValues),
  };
}

/** Two sealed images, attribute by attribute; values only for who may read them. */
export const imageRows = (
  ctx: ServiceContext,
  sealed: { sourceSealed: string | null; targetSealed: string | null },
  mayReadValues: boolean,
): MismatchView['rows'] =>
  itemRows(openImage(ctx, sealed.sourceSealed), openImage(ctx, sealed.targetSealed), mayReadValues);

/** Two images attribute by attribute, differing ones first; values only for who may read them. */
export const itemRows = (
  source: WireItem | null,
  target: WireItem | null,
  mayReadValues: boolean,
): MismatchView['rows'] => rowsOf(source, target, mayReadValues ? spelt : masked);

function openImage(ctx: ServiceContext, sealed: string | null): WireItem | null {
  if (sealed === null) return null;
  const opened = ctx.sealer.open(sealed, IMAGE_PURPOSE);
  if (!opened.ok) throw new AppError('internal.unexpected', 'The stored image cannot be opened with this sealing key.');
  return JSON.parse(opened.value) as WireItem | null;
}

function rowsOf(
  source: WireItem | null,
  target: WireItem | null,
  say: (name: string, value: AttributeValue) => string,
): MismatchView['rows'] {
  const [first, second] = [source ?? {}, target ?? {}];
  const classes = new Map(differences(first, second).map((one) => [one.attribute, one.class]));
  const names = [...new Set([...Object.keys(first), ...Object.keys(second)])].sort();
  // Differing attributes first: an item may have hundreds that agree.
  const ordered = [...names.filter((name) => classes.has(name)), ...names.filter((name) => !classes.has(name))];
  return ordered.slice(0, ATTRIBUTES_MAX).map((attribute) => {
    const [a, b] = [attributeOf(first, attribute), attributeOf(second, attribute)];
    return {
      attribute,
      class: classes.get(attribute) ?? 'equal',
      source: a === undefined ? null : say(attribute, a),
      target: b === undefined ? null : say(attribute, b),
    };
  });
}

function spelt(_: string, value: AttributeValue): string {
  const text = JSON.stringify(value);
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}…` : text;
}

const masked = (_: string, value: AttributeValue): string =>
  `${typeOf(value) ?? 'unknown type'}, ${formatBytes(itemBytes({ v: value }) - 1)}`;
