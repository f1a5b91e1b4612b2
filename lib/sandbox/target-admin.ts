/** What stands for TerraScale's console in the sandbox: tables, databases, and the switches of its behaviour. */
import { isClientError, type Json } from './dynalite-modules';
import type { Engine } from './engine';
import { type Answer, jsonAnswer } from './fault-http';
import { QUOTA_PROFILES, type Quota, type QuotaName, type QuotaProfile } from './quota';
import type { LagSettings, Region } from './region';
import { createDatabase, databaseTable } from './rest/rest-store';
import type { SqlSettings, SqlSwitch } from './rest/sql-switch';

export interface Switches {
  allowCreateTable?: boolean;
  quota?: QuotaName | QuotaProfile;
  /** A region that lags; null turns it off. */
  lag?: (Omit<LagSettings, 'reads'> & Partial<LagSettings>) | null;
  /** How SQL behaves; null: plainly. */
  sql?: Partial<SqlSettings> | null;
}

export const profileOf = (quota: QuotaName | QuotaProfile | undefined): QuotaProfile =>
  typeof quota === 'object' ? quota : QUOTA_PROFILES[quota ?? 'demo'];

export class TargetAdmin {
  constructor(
    private readonly of: { engine: Engine; quota: Quota; region: Region; sql: SqlSwitch },
    public mayCreate: boolean,
  ) {}

  async answer(method: string, path: string, input: Json): Promise<Answer | null> {
    const { engine, quota, region, sql } = this.of;
    if (method === 'GET' && path === '/tables') return jsonAnswer(200, await engine.run('ListTables', {}));
    if (method === 'POST' && (path === '/tables' || path === '/databases')) return await this.#create(path, input);
    if (path !== '/switches') return null;
    if (method === 'PUT') {
      const refused = await this.turn(input as Switches);
      if (refused) return jsonAnswer(400, { message: refused });
    }
    const { profile, usedThisMonth } = quota;
    const { lag } = region;
    return jsonAnswer(200, {
      ...{ allowCreateTable: this.mayCreate, quota: profile, usedThisMonth, lag },
      sql: sql.settings,
    });
  }

  async #create(path: string, input: Json): Promise<Answer> {
    try {
      if (path === '/tables') return jsonAnswer(201, await this.of.engine.run('CreateTable', input));
      await this.createDatabase(String(input.databaseId));
      return jsonAnswer(201, { databaseId: input.databaseId });
    } catch (error) {
      if (isClientError(error)) return jsonAnswer(error.statusCode, error.body);
      throw error;
    }
  }

  async createDatabase(databaseId: string): Promise<void> {
    await createDatabase(this.of.engine, databaseId);
    const table = databaseTable(databaseId);
    await Promise.all([
      this.of.region.tableChanged('CreateTable', table),
      this.of.sql.tableChanged('CreateTable', table),
    ]);
  }

  /** Sets what is given; the sentence of what is wrong, or null. */
  async turn({ allowCreateTable, quota, lag, sql }: Switches): Promise<string | null> {
    if (typeof allowCreateTable === 'boolean') this.mayCreate = allowCreateTable;
    if (quota !== undefined) this.of.quota.setProfile(profileOf(quota));
    try {
      if (lag === null) await this.of.region.turnOff();
      else if (lag !== undefined) await this.of.region.turnOn({ ...lag, reads: lag.reads ?? 'eventual' });
      if (sql !== undefined) await this.of.sql.turn(sql);
    } catch (error) {
      return (error as Error).message;
    }
    return null;
  }
}
