import type { ConnectionLimits, ProbeResult } from '@/db/schema/connection';
import type { Answer } from '@/lib/adapters/dynamodb/call';
import { deleteItem, getItem, scanPage } from '@/lib/adapters/dynamodb/items';
import { describeTable, listTables } from '@/lib/adapters/dynamodb/tables';
import type { KeySchema, StoreTarget, StoreWire } from '@/lib/adapters/ports';
import { formatCount, formatMs } from '@/lib/domain/units';
import type { ServiceContext } from '../context';
import { scratchKey } from './scratch-key';
import { sayTrouble, type Verdict, verdictOf } from './trouble';

export type { ConnectionLimits, ProbeResult };

/** A person waits for it: long enough for a store across an ocean, short enough to say "nothing answers". */
export const PROBE_MS_MAX = 5_000;
const TABLES_MAX = 1_000;
/** Key of the table that does not exist. */
export const PROBE_KEY: KeySchema = { partition: { name: 'landfall', type: 'S' }, sort: null };

export interface ProbeAsk {
  target: Omit<StoreTarget, 'timeoutMs'>;
  /** A table whose key is known, to read from; and to prove writing on where `mayTouch`. */
  table: { name: string; key: KeySchema } | null;
  /** Whether this connection is a target: a source is never written to. */
  mayTouch: boolean;
}

export interface Probed {
  result: ProbeResult;
  verdict: 'ok' | 'unreachable' | 'key_refused';
}

type Tried = ProbeResult['tried'][number];

/** One probe and what it found out so far. */
class Probe {
  readonly tried: Tried[] = [];
  tables: string[] | null = null;
  mayRead: boolean | null = null;
  mayWrite: boolean | null = null;
  constructor(
    readonly ctx: Pick<ServiceContext, 'clock' | 'random'>,
    readonly wire: StoreWire,
  ) {}

  /** Asks once; `isGood` says which refusals count as found out. */
  async ask<T>(what: string, send: () => Promise<Answer<T>>, say: (answer: Answer<T>, verdict: Verdict) => string) {
    const startMs = this.ctx.clock.monotonicMs();
    const answer = await send();
    const verdict = verdictOf(answer);
    const latencyMs = Math.round(this.ctx.clock.monotonicMs() - startMs);
    const ok = verdict !== 'unreachable' && verdict !== 'key_refused' && verdict !== 'not_a_store';
    this.tried.push({ what, ok, detail: say(answer, verdict), latencyMs });
    return { answer, verdict };
  }
}

const said = (answer: Answer<unknown>): string => (answer.kind === 'ok' ? 'answered' : sayTrouble(answer));

/**
 * Finds out, by asking, whether a store answers, accepts the key, and what the key may do. Nothing is changed: writing is
 * proven by a delete of a scratch key under a condition that cannot hold, which a store refuses by the condition if the
 * key may write and by the permission if it may not. Never throws for what a store says.
 */
export async function probeStore(ctx: ServiceContext, ask: ProbeAsk): Promise<Probed> {
  const wire = ctx.makeWire({ ...ask.target, timeoutMs: PROBE_MS_MAX });
  try {
    const probe = new Probe(ctx, wire);
    const verdict = await reach(probe);
    if (verdict !== 'ok') return finish(probe, verdict);
    await list(probe);
    const table = ask.table ?? (await describeFirst(probe));
    if (table) {
      wire.know?.(table.name, table.key);
      await read(probe, table.name);
      if (ask.mayTouch) await write(probe, table);
    }
    return finish(probe, 'ok');
  } finally {
    await wire.close();
  }
}

/** A read of a table that does not exist: every store that accepts the key says so, whatever the key may do. */
async function reach(probe: Probe): Promise<Probed['verdict']> {
  const table = `landfall-probe-${probe.ctx.random().slice(0, 8)}`;
  const key = { landfall: { S: 'probe' } };
  probe.wire.know?.(table, PROBE_KEY);
  const { verdict } = await probe.ask(
    'Reach the endpoint and sign a request',
    () => getItem(probe.wire, { table, key }),
    (answer, found) =>
      found === 'no_table' || found === 'not_allowed' || found === 'refused' || found === 'throttled'
        ? 'the endpoint answers and accepts the key'
        : said(answer),
  );
  if (verdict === 'key_refused') return 'key_refused';
  return verdict === 'unreachable' || verdict === 'not_a_store' ? 'unreachable' : 'ok';
}

async function list(probe: Probe): Promise<void> {
  await probe.ask(
    'List the tables',
    () => listTables(probe.wire),
    (answer, verdict) => {
      if (answer.kind === 'ok') {
        probe.tables = answer.value.tables.slice(0, TABLES_MAX);
        return `${formatCount(answer.value.tables.length)} tables`;
      }
      return verdict === 'not_offered' ? 'the store does not offer it; names are typed' : said(answer);
    },
  );
}

async function describeFirst(probe: Probe): Promise<{ name: string; key: KeySchema } | null> {
  const name = probe.tables?.[0];
  if (name === undefined) return null;
  const { answer } = await probe.ask(
    `Describe ${name}`,
    () => describeTable(probe.wire, name),
    (found) => (found.kind === 'ok' ? 'may describe' : said(found)),
  );
  return answer.kind === 'ok' ? { name, key: answer.value.key } : null;
}

async function read(probe: Probe, table: string): Promise<void> {
  await probe.ask(
    `Read one item of ${table}`,
    () => scanPage(probe.wire, { table, limit: 1 }),
    (answer, verdict) => {
      if (verdict === 'ok') probe.mayRead = true;
      if (verdict === 'not_allowed') probe.mayRead = false;
      return verdict === 'ok' ? 'may read' : said(answer);
    },
  );
}

async function write(probe: Probe, table: { name: string; key: KeySchema }): Promise<void> {
  const key = scratchKey(table.key, { random: probe.ctx.random(), step: 0 });
  const condition = {
    expression: 'attribute_exists(#p) AND attribute_not_exists(#p)',
    names: { '#p': table.key.partition.name },
  };
  // The REST API takes no condition on a delete; a key that nobody has is deleted all the same.
  const isPlain = probe.wire.target.kind === 'terrascale_rest';
  await probe.ask(
    `Delete a scratch key of ${table.name}${isPlain ? '' : ' under a condition that cannot hold'}`,
    () => deleteItem(probe.wire, { table: table.name, key }, isPlain ? {} : { condition }),
    (answer, verdict) => {
      const isCondition = answer.kind === 'refused' && answer.errorType === 'ConditionalCheckFailedException';
      if (isCondition || verdict === 'ok') probe.mayWrite = true;
      if (verdict === 'not_allowed') probe.mayWrite = false;
      if (isCondition) return 'may write: refused by the condition, not by the key; nothing was changed';
      return verdict === 'ok' ? 'may write' : said(answer);
    },
  );
}

function finish(probe: Probe, verdict: Probed['verdict']): Probed {
  const { tables, mayRead, mayWrite, tried } = probe;
  const first = tried[0]!;
  const ok = verdict === 'ok';
  const rights = [
    tables === null ? 'tables not listed' : `${formatCount(tables.length)} tables listed`,
    mayRead === null ? 'reading not tried' : mayRead ? 'may read' : 'may not read',
    mayWrite === null ? 'writing not tried' : mayWrite ? 'may write' : 'may not write',
  ];
  const sentence = ok
    ? `Answers in ${formatMs(first.latencyMs)}; ${rights.join(', ')}.`
    : verdict === 'key_refused'
      ? `The endpoint refuses this key: ${first.detail.replace(/\.$/, '')}.`
      : `Nothing usable answers: ${first.detail} (after ${formatMs(first.latencyMs)}).`;
  const atMs = probe.ctx.clock.nowMs();
  return { result: { atMs, ok, sentence, tried, tables, mayRead, mayWrite }, verdict };
}
