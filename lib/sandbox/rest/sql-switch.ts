/** How SQL behaves in the sandbox beside the item API, so that a check of it can be seen to go red. */
import type { WireItem } from '@/lib/adapters/ports';
import type { Engine } from '../engine';
import { Region } from '../region';
import { bad, Problem } from './problem';

export const SQL_ANSWERS = ['select', 'not_offered', 'forbidden'] as const;
export const SQL_BENDS = ['numbers_as_text', 'tags_dropped'] as const;

export interface SqlSettings {
  answers: (typeof SQL_ANSWERS)[number];
  /** Rows differ from the items: numbers come as text, or `{"$landfall": …}` comes as its bare value. */
  bends: (typeof SQL_BENDS)[number] | null;
  /** SELECT reads what was written so long ago; null: what is there now. */
  lagMs: number | null;
}

export const SQL_PLAIN: SqlSettings = Object.freeze({ answers: 'select', bends: null, lagMs: null });

export class SqlSwitch {
  #settings = SQL_PLAIN;
  readonly #behind: Region;

  constructor(primary: Engine) {
    this.#behind = new Region(primary);
  }

  get settings(): SqlSettings {
    return this.#settings;
  }

  /** Whether writes must be told to `written`. */
  get lags(): boolean {
    return this.#settings.lagMs !== null;
  }

  /** Sets what is given and leaves the rest; null: everything plain again. @throws Error naming the field */
  async turn(given: Partial<SqlSettings> | null): Promise<void> {
    const next = given === null ? SQL_PLAIN : { ...this.#settings, ...given };
    if (!SQL_ANSWERS.includes(next.answers)) throw new Error(`sql.answers may be ${SQL_ANSWERS.join(', ')}`);
    if (next.bends !== null && !SQL_BENDS.includes(next.bends))
      throw new Error(`sql.bends may be ${SQL_BENDS.join(', ')} or null`);
    if (next.lagMs === null) await this.#behind.turnOff();
    else await this.#behind.turnOn({ lagMs: next.lagMs, reads: 'all' });
    this.#settings = next;
  }

  /** Where SELECT reads: behind, if it lags, else where items are read from. */
  engine(reads: Engine): Engine {
    return this.lags ? this.#behind.readEngine() : reads;
  }

  /** @throws Problem where the endpoint is switched off or closed to every key */
  requireOffered(): void {
    if (this.#settings.answers === 'not_offered') throw new Problem(501, 'SQL is not offered here');
    if (this.#settings.answers === 'forbidden') throw new Problem(403, 'The key may not use SQL');
  }

  bent(rows: object[]): object[] {
    const { bends } = this.#settings;
    return bends === null ? rows : rows.map((row) => bendRow(row, bends));
  }

  written(writes: readonly { table: string; keys: WireItem }[]): Promise<void> {
    return this.#behind.written(writes);
  }

  tableChanged: Region['tableChanged'] = (operation, input) => this.#behind.tableChanged(operation, input);

  close(): Promise<void> {
    return this.#behind.turnOff();
  }
}

const DEPTH_MAX = 100;

function bendRow(row: object, bends: NonNullable<SqlSettings['bends']>): object {
  const { data } = row as { data: unknown };
  return { ...row, data: bend(data, bends, 0) };
}

function bend(value: unknown, bends: NonNullable<SqlSettings['bends']>, depth: number): unknown {
  if (depth > DEPTH_MAX) throw bad('data is nested too deeply');
  if (typeof value === 'number') return bends === 'numbers_as_text' ? String(value) : value;
  if (Array.isArray(value)) return value.map((one) => bend(one, bends, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  if (bends === 'tags_dropped' && Object.hasOwn(value, '$landfall'))
    return (value as { value?: unknown }).value ?? null;
  const inner = Object.entries(value).map(([name, one]) => [name, bend(one, bends, depth + 1)]);
  return Object.fromEntries(inner);
}
