/**
 * What a page of stream records asks for. A record names a key; images in it are never applied. Both stores are read
 * *after* the record was, and where they differ, twice and at least the recheck delay apart, the key is marked: a write
 * through a gateway is equal by then, so what stays different was written beside the gateways. An equal look is enough,
 * because everything that writes to the follower confirms (W3) and every later write of the source has its own record.
 * Keys that are dirty already are marked again, because the settle at hand may have read the source before this record;
 * `lib/testing/model/stream.ts` has the interleaving that loses a write otherwise. It stays one row a key.
 */
import { dirtyAmong, markKeys } from '@/db/queries/dirty';
import { loadWorkTable, type WorkTable } from '@/db/queries/run';
import { highestGeneration } from '@/db/queries/stream';
import type { StreamChange } from '@/lib/adapters/dynamodb/streams';
import { keyId } from '@/lib/domain/item/key';
import { isMirroring } from '@/lib/domain/plan/stages';
import type { WorkerContext } from '../context';
import { SettleWork } from '../settle/settle-work';
import { isDifferent, readBoth, recheckDelayOf } from '../verify/compare';

/** The service rounds times down to the second, and its clock is not ours. */
const CLOCK_SLACK_MS = 2_000;
/** Records this much older than the position are not looked at; clocks of store and database may differ by less. */
const POSITION_SLACK_MS = 300_000;
/** How often work looks again whether a fence has opened the table. */
const GATE_POLL_MS = 50;
/** Tries of a look that a store did not answer before the page is read anew. */
const LOOKS_MAX = 5;

export interface LookAsk {
  planTableId: string;
  changes: readonly StreamChange[];
  /** Since when every write through a gateway goes to both stores, epoch ms; null: not yet. */
  dualWriteSinceMs: number | null;
  /** When the position was stored, epoch ms. */
  positionMs: number;
  /** False: the reader has to end; nothing more is marked. */
  mayGoOn(): boolean;
}

export interface Looked {
  /** Marked keys whose settle the checkpoint waits for. */
  keyIds: string[];
  /** Marks of this page have at most this generation. */
  generation: number;
  /** Keys that were written beside the gateways. */
  beside: string[];
  expiries: number;
}

const NOTHING: Looked = { keyIds: [], generation: 0, beside: [], expiries: 0 };

interface Keyed {
  isExpiry: boolean;
  /** Written while gateways wrote to both stores already. */
  isInDualWrite: boolean;
}

/** Looks at the keys of one page; null: it has to be read again (a store does not answer, or the reader must end). */
export async function lookAtChanges(ctx: WorkerContext, ask: LookAsk): Promise<Looked | null> {
  const first = await inside(ctx, ask, (table) => firstLook(ctx, table, ask));
  if (first === null) return null;
  if (first.suspects.size === 0) return { ...NOTHING, expiries: first.expiries };
  if (!(await rest(ctx, ask, first.recheckMs))) return null;
  const second = await inside(ctx, ask, (table) => secondLook(ctx, table, first));
  return second === null ? null : { ...second, expiries: first.expiries };
}

interface FirstLook {
  suspects: Map<string, Keyed>;
  dirty: Set<string>;
  recheckMs: number;
  expiries: number;
}

/** Runs inside the table's gate, so that a fence finds nobody at work; waits while it has the table stopped. */
async function inside<T>(
  ctx: WorkerContext,
  ask: LookAsk,
  run: (table: WorkTable) => Promise<T | null>,
): Promise<T | null> {
  for (let tries = 1; ask.mayGoOn(); ) {
    const leave = ctx.gates.enter(ask.planTableId);
    if (leave === null) {
      await pause(GATE_POLL_MS);
      continue;
    }
    try {
      const table = await loadWorkTable(ctx.sql, ask.planTableId);
      if (table === null) return null;
      const done = await run(table);
      if (done !== null) return done;
    } finally {
      leave();
    }
    tries += 1;
    if (tries > LOOKS_MAX) return null;
    await pause(GATE_POLL_MS * tries);
  }
  return null;
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

async function firstLook(ctx: WorkerContext, table: WorkTable, ask: LookAsk): Promise<FirstLook | null> {
  const keyed = keysOf(table, ask);
  const expiries = [...keyed.values()].filter((one) => one.isExpiry).length;
  const none = { suspects: new Map<string, Keyed>(), dirty: new Set<string>(), recheckMs: 0, expiries };
  // Where writes name one side nothing is settled (W8). In dual write before the copy it is: an export may have been
  // made already, and what was written since is in no file of it.
  if (!(isMirroring(table.writes) || table.writes === 'held')) return none;
  const keyIds = [...keyed.keys()];
  const dirty = await dirtyAmong(ctx.sql, table.planTableId, keyIds);
  const pairs = await compare(ctx, table, keyIds);
  if (pairs === null) return null;
  const suspects = new Map(
    [...keyed].filter(([id, one]) => pairs.different.has(id) || (one.isExpiry && pairs.left.has(id))),
  );
  return { suspects, dirty, recheckMs: recheckDelayOf(table), expiries };
}

function keysOf(table: WorkTable, ask: LookAsk): Map<string, Keyed> {
  const keyed = new Map<string, Keyed>();
  const sinceMs = ask.dualWriteSinceMs;
  for (const change of ask.changes) {
    // Written before the position: the copy, whose scan or export is later, has it.
    if (change.createdAtMs !== null && change.createdAtMs < ask.positionMs - POSITION_SLACK_MS) continue;
    const id = keyId(change.keys, table.schema);
    // A key of another schema: the table was made anew under the same name, which its stream cannot tell.
    if (!id.ok) continue;
    const isInDualWrite =
      sinceMs !== null && change.createdAtMs !== null && change.createdAtMs > sinceMs + CLOCK_SLACK_MS;
    const before = keyed.get(id.value);
    keyed.set(id.value, {
      isExpiry: change.isExpiry,
      isInDualWrite: isInDualWrite || before?.isInDualWrite === true,
    });
  }
  return keyed;
}

/** Keys whose items differ, and those of which the target has one that is past its expiry; null: a store is silent. */
async function compare(ctx: WorkerContext, table: WorkTable, keyIds: readonly string[]) {
  const [source, target] = await Promise.all([
    ctx.stores.get(table.sourceConnectionId),
    ctx.stores.get(table.targetConnectionId),
  ]);
  const images = await readBoth(ctx, new SettleWork(ctx, table), { table, source, target, keyIds });
  if (images.source.unread.size + images.target.unread.size > 0) return null;
  const different = new Set<string>();
  for (const id of keyIds) {
    const pair = { keyId: id, source: images.source.read.get(id) ?? null, target: images.target.read.get(id) ?? null };
    if (isDifferent(pair)) different.add(id);
  }
  return { different, left: images.target.expired };
}

async function secondLook(
  ctx: WorkerContext,
  table: WorkTable,
  first: FirstLook,
): Promise<Omit<Looked, 'expiries'> | null> {
  const keyIds = [...first.suspects.keys()];
  const pairs = await compare(ctx, table, keyIds);
  if (pairs === null) return null;
  // After the reads: a mark that came while they ran says that a gateway knows of the key.
  const dirty = await dirtyAmong(ctx.sql, table.planTableId, keyIds);
  const marked = keyIds.filter(
    (id) => pairs.different.has(id) || (first.suspects.get(id)?.isExpiry && pairs.left.has(id)),
  );
  if (marked.length === 0) return { keyIds: [], generation: 0, beside: [] };
  const { planTableId, schema } = table;
  await markKeys(ctx.sql, { planTableId, schema, keyIds: marked, cause: 'stream_record' });
  const beside = marked.filter((id) => {
    const one = first.suspects.get(id);
    return one?.isInDualWrite && !one.isExpiry && !first.dirty.has(id) && !dirty.has(id);
  });
  return { keyIds: marked, generation: await highestGeneration(ctx.sql), beside };
}

/** In steps, so that the end of the process is heard. False: the reader has to end. */
async function rest(ctx: WorkerContext, ask: LookAsk, ms: number): Promise<boolean> {
  const endsAtMs = ctx.clock.monotonicMs() + ms;
  while (ask.mayGoOn()) {
    const leftMs = endsAtMs - ctx.clock.monotonicMs();
    if (leftMs <= 0) return true;
    await pause(Math.min(100, leftMs));
  }
  return false;
}
