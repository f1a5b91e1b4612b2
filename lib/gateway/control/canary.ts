/**
 * Canaries: when a nonce is published for a table, this gateway writes an item of its own through its own pipeline, and
 * deletes it, again through the pipeline, when the nonce is gone. What arrives on the other side proves the channel.
 */
import type { Sql } from '@/db/client';
import { canariesOf, recordCanary } from '@/db/queries/gateway/reports';
import type { WireItem } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import { isMirroring } from '@/lib/domain/plan/stages';
import { canaryKey } from '@/lib/domain/routing/canary';
import type { GatewayAnswer, GatewayRequest } from '../pipeline/answer';
import type { Views } from '../pipeline/views';

/** As services name it in the canaries of fences. */
const CANARY_ATTRIBUTE = 'landfallCanary';

export interface CanaryOptions {
  sql: Sql;
  gatewayId: string;
  views: Views;
  handle(request: GatewayRequest): Promise<GatewayAnswer>;
}

export class CanaryDuty {
  /** Nonce of the canary that lies there, by table; null before it was asked for. */
  #written: Map<string, string> | null = null;

  constructor(private readonly options: CanaryOptions) {}

  /**
   * Does what the current routing asks for, table by table: one that fails keeps no other waiting. Throws the first
   * failure of a store or of Postgres at the end; then what failed is tried again.
   */
  async run(): Promise<void> {
    const { sql, gatewayId, views } = this.options;
    if (this.#written === null) {
      const rows = await canariesOf(sql, gatewayId);
      this.#written = new Map(rows.map((row) => [row.planTableId, row.canaryNonce as string]));
    }
    const failures: unknown[] = [];
    for (const table of views.current?.snapshot.tables ?? []) {
      const written = this.#written.get(table.planTableId) ?? null;
      if (table.canaryNonce === written) continue;
      const doing = table.canaryNonce !== null ? this.#write(table, table.canaryNonce) : this.#delete(table);
      await doing.catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  async #write(table: TableRouting, nonce: string): Promise<void> {
    // A held or single-sided table proves nothing; the next epoch is looked at anew.
    if (!isMirroring(table.writes)) return;
    const { sql, gatewayId } = this.options;
    const key = canaryKey(table.keySchema, gatewayId);
    const item: WireItem = { ...key, [CANARY_ATTRIBUTE]: { S: nonce } };
    await this.#send('PutItem', { TableName: table.tableName, Item: item });
    await recordCanary(sql, { gatewayId, planTableId: table.planTableId, nonce, key });
    this.#written?.set(table.planTableId, nonce);
  }

  async #delete(table: TableRouting): Promise<void> {
    if (table.writes === 'held' || table.writes === 'refused') return;
    const { sql, gatewayId } = this.options;
    const key = canaryKey(table.keySchema, gatewayId);
    await this.#send('DeleteItem', { TableName: table.tableName, Key: key });
    await recordCanary(sql, { gatewayId, planTableId: table.planTableId, nonce: null, key });
    this.#written?.delete(table.planTableId);
  }

  async #send(operation: string, input: object): Promise<void> {
    const body = Buffer.from(JSON.stringify(input));
    const answer = await this.options.handle({ operation, target: `DynamoDB_20120810.${operation}`, body });
    if (answer.status !== 200) throw new Error(`the canary's ${operation} was answered with status ${answer.status}`);
  }
}
