import type { TableRowRecord } from '@/db/queries/view/table-rows';
import type { TableRowView } from '@/lib/contracts/views';
import type { Stage } from '@/lib/domain/plan/stages';
import { formatCount, formatMs } from '@/lib/domain/units';

/** A barrier that waits this long needs somebody to look at the gateways. */
const BARRIER_PATIENCE_MS = 60_000;

export interface NeedsInput {
  row: TableRowRecord;
  guardrail: TableRowView['guardrail'];
  /** What may be done next, as a sentence; null where a gate is not met yet. */
  ready: string | null;
  nowMs: number;
}

/** What a person has to do, and how soon: 0 something is wrong, 1 something waits, 2 a decision is open. */
export interface Need {
  sentence: string;
  rank: 0 | 1 | 2;
}

/** The one thing of a table that a person has to do or decide now, worst first; null where Landfall goes on by itself. */
export function needOf(input: NeedsInput): Need | null {
  const wrong = troubleOf(input);
  if (wrong !== null) return { sentence: wrong, rank: 0 };
  const waiting = waitingOf(input.row);
  if (waiting !== null) return { sentence: waiting, rank: 1 };
  return input.ready === null ? null : { sentence: input.ready, rank: 2 };
}

function troubleOf({ row, guardrail, nowMs }: NeedsInput): string | null {
  if (row.holdKind === 'fault') return `Fault: ${row.holdReason ?? 'no reason recorded'}`;
  if (guardrail?.state === 'tripped') return guardrail.sentence;
  if (row.runState === 'failed') return `The ${row.runKind} failed: ${row.runStopReason ?? 'a segment failed'}`;
  const barrierMs = row.isBarrierOpen && row.barrierOpenedAt ? nowMs - row.barrierOpenedAt.getTime() : 0;
  if (barrierMs > BARRIER_PATIENCE_MS && row.lagging.length > 0)
    return `Waiting ${formatMs(barrierMs)} for ${namesOf(row.lagging)} to acknowledge.`;
  if (row.stage !== 'planned' && row.stage !== 'retired' && row.silent.length > 0)
    return `Gateway ${namesOf(row.silent)} is silent; it still counts in every barrier and fence.`;
  if (row.mismatches > 0 && (row.stage === 'verify' || row.stage === 'shift' || row.stage === 'target_first'))
    return `${formatCount(row.mismatches)} ${row.mismatches === 1 ? 'mismatch is' : 'mismatches are'} open.`;
  return null;
}

function waitingOf(row: TableRowRecord): string | null {
  if (row.stage === 'backfill' && row.setAsideOpen > 0)
    return `${formatCount(row.setAsideOpen)} set-aside ${row.setAsideOpen === 1 ? 'item waits' : 'items wait'} to be accepted.`;
  if (row.deadLetters > 0)
    return `${formatCount(row.deadLetters)} ${row.deadLetters === 1 ? 'key is a dead letter' : 'keys are dead letters'}: the other side refuses what it has to hold.`;
  if (row.verifyAgainSince && row.stage !== 'planned' && row.runState !== 'running')
    return `Verify again: ${row.verifyAgainReason ?? 'the last verification is void'}`;
  if (row.stage === 'planned' && row.assessedAt === null) return 'Assess this table.';
  if (row.stage === 'planned' && row.checksFailed > 0)
    return `${row.checksFailed} ${row.checksFailed === 1 ? 'check' : 'checks'} of the assessment failed.`;
  if (row.stage === 'planned' && row.targetProvenAt === null) return 'Prove the target table.';
  if (row.holdKind === 'operator') return `Paused by ${row.holdBy ?? 'somebody'}: ${row.holdReason ?? ''}`.trim();
  return null;
}

/** Place of a row in the fleet: what needs a person, then what moves, then what rests. */
export function urgencyOf(need: Need | null, stage: Stage): number {
  if (need !== null) return need.rank;
  if (stage === 'retired') return 5;
  return stage === 'planned' || stage === 'backup' ? 4 : 3;
}

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
