import type { MoveView } from '@/lib/contracts/views';
import type { Verb } from '@/lib/domain/plan/moves';
import { formatShare } from '@/lib/domain/units';

interface Words {
  notice: string;
  undo: string;
}

/** What users of the application notice of a move, and how it is undone. */
export const MOVE_WORDS: Record<Verb, Words> = {
  begin_dual_write: {
    notice: 'Writes take a little longer: the answer waits for TerraScale up to the mirror wait, never longer.',
    undo: 'Abandon, at any time up to the read shift. DynamoDB stays the authority, so nothing can be lost by it.',
  },
  freeze: {
    notice:
      'Writes are refused with a retryable error until the table is on TerraScale, which takes as long as the whole copy. SDKs give up within seconds, so stop the application before, or let it queue its writes. Reads go on.',
    undo: 'Abandon opens writes on DynamoDB again at once.',
  },
  begin_backfill: {
    notice: 'Nothing. The scan stays within the rate budget of the connection and yields to live traffic.',
    undo: 'Pause or cancel the run at any time; Abandon drops the copy.',
  },
  complete_backfill: { notice: 'Nothing.', undo: 'Abandon drops the copy.' },
  begin_shift: {
    notice: 'Nothing yet: the read share begins at 0 %.',
    undo: 'Reads back to DynamoDB at any time, or Abandon.',
  },
  set_read_share: {
    notice: 'The keys within the share are read from TerraScale, with its latency; what it lacks comes from DynamoDB.',
    undo: 'Reads back to DynamoDB, one action, in force as soon as gateways see it. No gate stands before it.',
  },
  flip_writes: {
    notice: 'Writes and strong reads wait for at most the hold bound. Whoever waits longer gets a retryable error.',
    undo: 'Flip write authority back, until the source is closed. DynamoDB receives every write meanwhile.',
  },
  flip_back: {
    notice: 'Writes and strong reads wait for at most the hold bound, once more.',
    undo: 'Flip write authority to TerraScale again, with its gates and its approval.',
  },
  close_source: {
    notice: 'Writes wait for at most the hold bound. From then on DynamoDB no longer follows.',
    undo: 'There is no lossless way back: what is written from now on is on TerraScale alone.',
  },
  retire: {
    notice: 'Nothing. Landfall stops watching the backup and does not delete it.',
    undo: 'None. The DynamoDB table itself stays until you delete it.',
  },
  reads_to_source: {
    notice: 'Reads are answered by DynamoDB as before the shift.',
    undo: 'Shift reads again, from 0 %, with its gates.',
  },
  abandon: {
    notice: 'Reads return to DynamoDB at once; dual write stops after a barrier.',
    undo: 'None for the copy: it must be made and verified anew. No data of the application is lost.',
  },
};

/** Verb and object, as it stands over the dialog and on its button. */
export function titleOf(move: Pick<MoveView, 'verb' | 'label'>, tableName: string, shareMilli?: number): string {
  if (move.verb === 'set_read_share' && shareMilli !== undefined)
    return `Shift reads of ${tableName} to ${formatShare(shareMilli)}`;
  return `${move.label}: ${tableName}`;
}

export const commitLabelOf = (move: Pick<MoveView, 'verb' | 'label'>, shareMilli?: number): string =>
  move.verb === 'set_read_share' && shareMilli !== undefined ? `Shift reads to ${formatShare(shareMilli)}` : move.label;
