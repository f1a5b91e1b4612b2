import { type Tone, worstTone } from '@/app/_ui/tone';
import type { TableRowView } from '@/lib/contracts/views';

/** The tone that a table's row deserves: its badge, its hold and its guardrail together. */
export function toneOf(table: TableRowView): Tone {
  const tones: Tone[] = [table.badge.tone, ...table.badge.segments.map((segment) => segment.tone)];
  if (table.guardrail?.state === 'tripped' || table.mismatches > 0) tones.push('bad');
  if (table.guardrail?.state === 'warn' || table.needs) tones.push('warn');
  return worstTone(tones);
}

const BEFORE_VERIFY = new Set<TableRowView['stage']>(['planned', 'frozen', 'dual_write', 'backfill']);

/** Whether a count of mismatches says anything: both sides have been compared, or are being. */
export const isCompared = (table: Pick<TableRowView, 'stage' | 'mismatches'>): boolean =>
  table.mismatches > 0 || !BEFORE_VERIFY.has(table.stage);

export interface FleetFilter {
  q: string;
  plan: string;
  stage: string;
  need: string;
}

export function isShown(table: TableRowView, filter: FleetFilter): boolean {
  const text = filter.q.trim().toLowerCase();
  if (text && !`${table.name} ${table.planName}`.toLowerCase().includes(text)) return false;
  if (filter.plan && table.planId !== filter.plan) return false;
  if (filter.stage && table.stage !== filter.stage) return false;
  return filter.need !== 'person' || table.needs !== null;
}
