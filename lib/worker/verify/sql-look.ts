/**
 * Copied keys read through the SQL of the target and compared with what the source holds, in the form of the target. As
 * in a verification, what differs at first sight is a suspect: it is looked at again after the recheck delay, because
 * SQL may see a write later than the item API, and a key that anybody wrote or marked meanwhile is judged by nobody.
 */
import type { ReadBackResult } from '@/db/queries/sql-read-back';
import type { Answer } from '@/lib/adapters/dynamodb/call';
import { ItemImage, sameImage } from '@/lib/adapters/dynamodb/slices/item-image';
import type { WireItem } from '@/lib/adapters/ports';
import { sqlItem, sqlTable, whyNoSql } from '@/lib/adapters/terrascale-rest/sql';
import { classifyMismatch, differences } from '@/lib/domain/item/compare';
import { keyFromId } from '@/lib/domain/item/key';
import type { SqlDifference } from '@/lib/domain/run/sql-read-back';
import { allEnded } from '../all-ended';
import type { WorkerContext } from '../context';
import { askPatiently } from '../patient';
import type { Images } from '../read-images';
import type { Work } from '../segment-work';
import { readBoth, recheckDelayOf, rest, type Sides } from './compare';

export type SqlLook =
  | { kind: 'stopped' }
  | { kind: 'not_offered'; why: string }
  | ({ kind: 'looked' } & Omit<ReadBackResult, 'state' | 'drawn' | 'reason'>);

/** Statements under way at a time: SQL is a side door and is not stormed. */
const AT_A_TIME = 4;
/** So many keys without an answer, and the rest is not asked for: the endpoint is not well. */
const UNREADABLE_MAX = 20;

type Shown = { kind: 'shown'; image: ItemImage | null } | { kind: 'unreadable' };

export async function lookBySql(
  ctx: WorkerContext,
  work: Work,
  ask: Sides & { keyIds: readonly string[] },
): Promise<SqlLook> {
  const { table, target } = ask;
  target.wire.know?.(table.targetName, table.schema);
  const reader = new SqlReader(ctx, work, ask);
  const offer = await reader.open();
  if (offer !== null) return offer;
  const first = await lookOnce(ctx, work, { ...ask, reader });
  if ('kind' in first) return first;
  const suspects = ask.keyIds.filter((id) => !first.expired.has(id) && !isEqual(first, id));
  const found = { equal: 0, moving: 0, expired: first.expired.size, unreadable: 0, differences: [] as SqlDifference[] };
  found.equal = ask.keyIds.length - suspects.length - found.expired;
  if (suspects.length > 0) {
    const markedBefore = await ctx.ledger.dirtyAmong(table.planTableId, suspects);
    await rest(ctx, work, recheckDelayOf(table));
    const again = await lookOnce(ctx, work, { ...ask, keyIds: suspects, reader });
    if ('kind' in again) return again;
    const marked = await ctx.ledger.dirtyAmong(table.planTableId, suspects);
    for (const id of suspects) {
      const isMarked = markedBefore.has(id) || marked.has(id);
      const verdict = judge(id, { first, again, isMarked });
      if (typeof verdict === 'string') found[verdict] += 1;
      else found.differences.push(verdict);
    }
  }
  return { kind: 'looked', ...found, statements: reader.statements };
}

/** What both APIs and SQL showed of some keys. */
interface Look {
  source: Images['read'];
  target: Images['read'];
  expired: Set<string>;
  shown: Map<string, Shown>;
}

async function lookOnce(
  ctx: WorkerContext,
  work: Work,
  ask: Sides & { keyIds: readonly string[]; reader: SqlReader },
): Promise<Look | Extract<SqlLook, { kind: 'stopped' | 'not_offered' }>> {
  const { source, target } = await readBoth(ctx, work, ask);
  if (!work.mayGoOn()) return { kind: 'stopped' };
  const living = ask.keyIds.filter((id) => !source.expired.has(id));
  const shown = await ask.reader.read(living);
  if (!(shown instanceof Map)) return shown;
  return { source: source.read, target: target.read, expired: source.expired, shown };
}

function isEqual({ source, shown }: Look, id: string): boolean {
  const [truth, by] = [source.get(id), shown.get(id)];
  return truth !== undefined && by?.kind === 'shown' && sameImage(truth, by.image);
}

function judge(
  id: string,
  of: { first: Look; again: Look; isMarked: boolean },
): 'equal' | 'moving' | 'expired' | 'unreadable' | SqlDifference {
  const { first, again, isMarked } = of;
  if (again.expired.has(id)) return 'expired';
  const [truth, by] = [again.source.get(id), again.shown.get(id)];
  if (truth === undefined || by?.kind !== 'shown') return 'unreadable';
  if (sameImage(truth, by.image)) return 'equal';
  const before = first.source.get(id);
  if (isMarked || before === undefined || !sameImage(before, truth)) return 'moving';
  const [source, sql] = [truth?.item ?? null, by.image?.item ?? null];
  const attributes = source && sql ? differences(source, sql).map(({ attribute }) => attribute) : [];
  const isItemRight = sameImage(truth, again.target.get(id) ?? null);
  return { keyId: id, class: classifyMismatch(source, sql) ?? 'different', attributes, isItemRight };
}

/** SELECT by key under the pace of the target. */
class SqlReader {
  statements = 0;
  #from = '';

  constructor(
    private readonly ctx: WorkerContext,
    private readonly work: Work,
    private readonly of: Pick<Sides, 'table' | 'target'>,
  ) {}

  /** Asks how the table is called there; null: it may be read. */
  async open(): Promise<Extract<SqlLook, { kind: 'stopped' | 'not_offered' }> | null> {
    const { timeoutMs } = this.work;
    const answer = await this.#ask((wire) => sqlTable(wire, this.of.table.targetName, { timeoutMs }));
    if (answer === null) return { kind: 'stopped' };
    if (answer.kind !== 'ok') {
      const why = whyNoSql(answer);
      if (why !== null) return { kind: 'not_offered', why };
      this.work.fault = { sentence: `SQL of ${this.of.target.pace.name} did not say its tables.`, isLasting: false };
      return { kind: 'stopped' };
    }
    if (answer.value === null)
      return { kind: 'not_offered', why: 'it lists no table that is named plainly and is the only one' };
    this.#from = answer.value;
    return null;
  }

  async read(
    keyIds: readonly string[],
  ): Promise<Map<string, Shown> | Extract<SqlLook, { kind: 'stopped' | 'not_offered' }>> {
    const shown = new Map<string, Shown>();
    let unreadable = 0;
    for (let at = 0; at < keyIds.length; at += AT_A_TIME) {
      const some = keyIds.slice(at, at + AT_A_TIME);
      if (unreadable >= UNREADABLE_MAX) {
        for (const id of some) shown.set(id, { kind: 'unreadable' });
        continue;
      }
      const answers = await allEnded(some.map((id) => this.#select(id)));
      for (const [index, answer] of answers.entries()) {
        const id = some[index] as string;
        if (answer === null) return { kind: 'stopped' };
        const why = answer.kind === 'ok' ? null : whyNoSql(answer);
        if (why !== null) return { kind: 'not_offered', why };
        if (answer.kind !== 'ok') unreadable += 1;
        shown.set(id, answer.kind === 'ok' ? shownOf(answer.value) : { kind: 'unreadable' });
      }
    }
    return shown;
  }

  #select(keyId: string): Promise<Answer<WireItem | null> | null> {
    const { table } = this.of;
    const ask = { table: table.targetName, sqlTable: this.#from, key: keyFromId(keyId, table.schema) };
    return this.#ask((wire) => sqlItem(wire, ask, { timeoutMs: this.work.timeoutMs }));
  }

  #ask<T>(send: (wire: Sides['target']['wire']) => Promise<Answer<T>>): Promise<Answer<T> | null> {
    const store = this.of.target;
    const sent = () => {
      this.statements += 1;
      return send(store.wire);
    };
    return askPatiently(this.ctx, this.work, { store, cost: { requests: 1, items: 1 }, send: sent });
  }
}

const shownOf = (item: WireItem | null): Shown => ({ kind: 'shown', image: item === null ? null : ItemImage.of(item) });
