import { withTransaction } from '@/db/client';
import { lockTable } from '@/db/queries/facts/lock';
import { decide } from '@/lib/domain/plan/decide';
import { formatCount } from '@/lib/domain/units';
import { type ServiceContext, SYSTEM } from '../context';
import { commitMove } from '../table/advance';
import { loadFacts } from '../table/facts';
import { placeHold } from '../table/hold';

/**
 * Moves a table whose backfill is done on to `verify` and starts a full verification, by itself. Where items were set
 * aside that nobody accepted, the table is held instead and says so. Safe to call again and again. True: it moved.
 */
export async function completeBackfill(ctx: ServiceContext, input: { tableId: string }): Promise<boolean> {
  return await withTransaction(ctx.db, async (tx) => {
    const table = await lockTable(tx, input.tableId);
    if (table?.stage !== 'backfill') return false;
    const verb = 'complete_backfill' as const;
    const loaded = await loadFacts(ctx, tx, { planTableId: table.id, verb, actorId: SYSTEM.id });
    if (!loaded) return false;
    const decision = decide(loaded.facts, verb, SYSTEM);
    if (decision.ok) {
      const { version } = loaded.facts;
      const { planHash } = decision.value;
      const input = { tableId: table.id, verb, version, planHash, reason: '', idempotencyKey: null };
      await commitMove(ctx, tx, { actor: SYSTEM, input });
      return true;
    }
    const { backfill } = loaded.facts;
    const isSetAside = decision.error.gates.some((gate) => gate.gate === 'set_aside_accepted' && !gate.met);
    const isDone = decision.error.gates.every((gate) => gate.met || gate.gate === 'set_aside_accepted');
    if (isSetAside && isDone && backfill && table.holdKind === null) {
      const waiting = backfill.setAside - backfill.setAsideAccepted;
      const reason = `${formatCount(waiting)} items could not be written and wait to be accepted.`;
      await placeHold(ctx, tx, { table, actor: SYSTEM, kind: 'gate', reason });
    }
    return false;
  });
}
