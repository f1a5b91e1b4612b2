/**
 * Writes of keys that the gateway cannot name: no key of the table by the rules of DynamoDB, so the store's refusal is the
 * answer. A store with laxer rules may carry one out all the same; then nothing stands for the key, and the table owes a
 * verification (PROTOCOL W6).
 */
import type { WireOutcome } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import type { Call } from './context';

export async function unnamedWritten(call: Call, tables: readonly TableRouting[], outcome: WireOutcome): Promise<void> {
  if (outcome.kind === 'refused') return;
  for (const table of tables) {
    call.parts.log.error({ table: table.tableName }, 'A store took a key that is none; the table is unproven');
    await call.parts.intents
      .recordUnproven(table.planTableId)
      .catch((error: unknown) => call.parts.log.error({ error }, 'Even that could not be recorded'));
  }
}
