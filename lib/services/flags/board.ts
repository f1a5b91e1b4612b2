/**
 * The tables and keys that flags are answered from, in memory of one web process. Read through: an answer rests on a
 * reading of Postgres that is at most a second old and newer than the last notification; while Postgres gives none, on
 * the last one, and says so (`isStale`). Readings are shared, so evaluations cost Postgres one statement a second at
 * most, however many come.
 */
import { createHash } from 'node:crypto';
import { readFlagBoard } from '@/db/queries/flags/flags';
import { readDirty } from '@/db/queries/gateway/dirty';
import type { FlagKeyRow, FlagTable } from '@/lib/contracts/flags';
import { partitionUnitOfId } from '@/lib/domain/item/key';
import type { ServiceContext } from '../context';
import { FLAG_LIMITS } from './limits';

export interface Board {
  /** By `PLAN.TABLE` of aliases. */
  tables: ReadonlyMap<string, FlagTable>;
  keys: ReadonlyMap<string, FlagKeyRow>;
  /** Partitions with a dirty key, by table; `all` where there are too many to know. */
  dirty: ReadonlyMap<string, ReadonlySet<string> | 'all'>;
  readAtMs: number;
}

export class FlagBoard {
  #board: Board | null = null;
  #isOutdated = true;
  #reading: Promise<void> | null = null;
  /** The pause before a reading that a doubt asked for; all who doubt meanwhile share it. */
  #rereading: Promise<void> | null = null;
  /** Monotonic time of the last attempt; a Postgres that is away is not asked for each evaluation. */
  #triedAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly ctx: Pick<ServiceContext, 'sql' | 'clock' | 'log'>) {}

  /** Something changed: the next answer rests on a reading that begins after this. */
  outdated(): void {
    this.#isOutdated = true;
    this.#triedAtMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Somebody has seen a state, or has a key, that is not ours: looks again, in a reading that begins after this call. A
   * wrong word of it costs one reading in `rereadMs` and no more, so whoever comes sooner waits that long.
   */
  async doubted(): Promise<{ board: Board; isStale: boolean } | null> {
    const sinceMs = this.ctx.clock.monotonicMs() - this.#triedAtMs;
    this.#rereading ??= within(Math.max(0, FLAG_LIMITS.rereadMs - sinceMs), new Promise(() => {})).then(() => {
      this.#rereading = null;
      this.outdated();
    });
    await this.#rereading;
    return await this.look();
  }

  /** Null: nothing could be read yet. `isStale`: Postgres has given no newer reading. */
  async look(): Promise<{ board: Board; isStale: boolean } | null> {
    const startedAtMs = this.ctx.clock.monotonicMs();
    const waitMs = this.#board === null ? FLAG_LIMITS.firstReadWaitMsMax : FLAG_LIMITS.readWaitMsMax;
    // A second turn where a notification came while the first reading was under way.
    for (let turn = 0; turn < 2 && !this.#isFresh(); turn += 1) {
      const nowMs = this.ctx.clock.monotonicMs();
      if (this.#reading === null && nowMs - this.#triedAtMs > FLAG_LIMITS.freshMs) this.#reading = this.#read(nowMs);
      if (this.#reading !== null) await within(waitMs - (nowMs - startedAtMs), this.#reading);
    }
    return this.#board === null ? null : { board: this.#board, isStale: !this.#isFresh() };
  }

  #isFresh(): boolean {
    if (this.#isOutdated || this.#board === null) return false;
    return this.ctx.clock.monotonicMs() - this.#triedAtMs <= FLAG_LIMITS.freshMs;
  }

  async #read(startedAtMs: number): Promise<void> {
    this.#triedAtMs = startedAtMs;
    this.#isOutdated = false;
    try {
      const { sql, clock } = this.ctx;
      const { tables, keys } = await readFlagBoard(sql, FLAG_LIMITS.tablesMax);
      const shared = tables.filter((table) => table.routing?.reads === 'share').map((table) => table.planTableId);
      const rowsMax = FLAG_LIMITS.dirtyRowsPerTableMax;
      const rows = shared.length === 0 ? [] : await readDirty(sql, shared, rowsMax);
      this.#board = {
        tables: new Map(tables.map((table) => [`${table.planAlias}.${table.tableAlias}`, table])),
        keys: new Map(keys.map((key) => [key.keyHash, key])),
        dirty: new Map(
          rows.map(({ planTableId, keyIds }) => [
            planTableId,
            keyIds.length > rowsMax ? 'all' : new Set(keyIds.map(partitionUnitOfId)),
          ]),
        ),
        readAtMs: clock.nowMs(),
      };
    } catch (error) {
      this.#isOutdated = true;
      this.ctx.log.warn({ error }, 'Flags are answered from what was read before');
    } finally {
      this.#reading = null;
    }
  }
}

/** What a key may ask about. */
export const isInScope = (key: FlagKeyRow, table: FlagTable): boolean =>
  key.planIds === null || key.planIds.includes(table.planId);

/** Names one state of everything that a key may see but marks: the id of events, and what `flagConfigEtag` carries. */
export function configIdOf(board: Board, key: FlagKeyRow): string {
  const hash = createHash('sha256');
  for (const [name, table] of board.tables) {
    if (isInScope(key, table)) hash.update(`${name} ${table.salt} ${JSON.stringify(table.routing)}\n`);
  }
  return hash.digest('base64url').slice(0, 22);
}

async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, ms);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
