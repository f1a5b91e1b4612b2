import type { TableRowRecord } from '@/db/queries/view/table-rows';
import type { TableRowView } from '@/lib/contracts/views';
import { decide } from '@/lib/domain/plan/decide';
import type { Facts } from '@/lib/domain/plan/facts';
import type { Guardrail } from '@/lib/domain/plan/guardrails';
import { type Move, movesFrom } from '@/lib/domain/plan/moves';
import { isMirroring, SHARE_STOPS_MILLI, writesOf } from '@/lib/domain/plan/stages';
import { formatShare } from '@/lib/domain/units';
import type { ServiceContext } from '../context';
import { type LoadedFacts, loadFacts } from '../table/facts';
import { type Need, needOf } from './needs';

/** Tables whose facts are loaded for a list; the rest show their row without guardrails and open decisions. */
const FACTS_TABLES_MAX = 40;
const FACTS_AT_ONCE = 4;
/** Several screens look every two seconds; facts of one table are loaded at most this often for lists. */
const FACTS_MS = 1_500;
const APPROVAL_GATES: ReadonlySet<string> = new Set(['approval_given']);

/** What a row says that only the facts behind the gates know. */
export interface RowExtras {
  guardrail: TableRowView['guardrail'];
  observed: { milli: number | null; routableReads: number } | null;
  need: Need | null;
}

interface Cached {
  atMs: number;
  loaded: Promise<LoadedFacts | null>;
}
const caches = new WeakMap<ServiceContext, Map<string, Cached>>();

function loadForList(ctx: ServiceContext, tableId: string): Promise<LoadedFacts | null> {
  const cache = caches.get(ctx) ?? new Map<string, Cached>();
  caches.set(ctx, cache);
  const nowMs = ctx.clock.monotonicMs();
  const known = cache.get(tableId);
  if (known && nowMs - known.atMs < FACTS_MS) return known.loaded;
  if (cache.size > FACTS_TABLES_MAX * 10) cache.clear();
  const loaded = loadFacts(ctx, ctx.db, { planTableId: tableId });
  loaded.catch(() => cache.delete(tableId));
  cache.set(tableId, { atMs: nowMs, loaded });
  return loaded;
}

/** Extras of every row, in the order of the rows. */
export async function extrasOf(ctx: ServiceContext, rows: readonly TableRowRecord[]): Promise<RowExtras[]> {
  const wanted = rows.filter((row) => row.stage !== 'retired').slice(0, FACTS_TABLES_MAX);
  const loaded = new Map<string, LoadedFacts | null>();
  for (let at = 0; at < wanted.length; at += FACTS_AT_ONCE) {
    const some = wanted.slice(at, at + FACTS_AT_ONCE);
    const answers = await Promise.all(some.map((row) => loadForList(ctx, row.tableId)));
    some.forEach((row, index) => {
      loaded.set(row.tableId, answers[index] ?? null);
    });
  }
  return rows.map((row) => extrasFrom(row, loaded.get(row.tableId) ?? null, ctx.clock.nowMs()));
}

export function extrasFrom(row: TableRowRecord, loaded: LoadedFacts | null, nowMs: number): RowExtras {
  const isLive = isMirroring(writesOf(row.strategy, row.stage));
  const guardrail = loaded && isLive ? worstOf(loaded.guardrails) : null;
  const ready = loaded ? readyOf(loaded.facts) : null;
  const isReading = loaded !== null && loaded.facts.shareSinceMs !== null && row.stage === 'shift';
  return {
    guardrail,
    observed: isReading ? { milli: loaded.facts.observedShareMilli, routableReads: loaded.facts.routableReads } : null,
    need: needOf({ row, guardrail, ready, nowMs }),
  };
}

const RANK: Record<Guardrail['state'], number> = {
  tripped: 5,
  no_data: 4,
  warn: 3,
  not_enough: 2,
  ok: 1,
  off: 0,
};

function worstOf(rails: readonly Guardrail[]): TableRowView['guardrail'] {
  const worst = [...rails].sort((a, b) => RANK[b.state] - RANK[a.state])[0];
  if (!worst) return null;
  const sentence = worst.state === 'ok' ? `${rails.length} guardrails, all green.` : worst.sentence;
  return { state: worst.state, sentence };
}

/** The next stop above the share in force, within the approved ceiling; null at the top. */
export function nextStopMilli(facts: Pick<Facts, 'desiredShareMilli' | 'approvedShareMilli'>): number | null {
  const stop = SHARE_STOPS_MILLI.find((milli) => milli > facts.desiredShareMilli);
  if (stop === undefined) return null;
  const within = Math.min(stop, facts.approvedShareMilli);
  return within > facts.desiredShareMilli ? within : null;
}

/** A forward move that a person may make now, in words. Roles are not looked at: it says what the table waits for. */
function readyOf(facts: Facts): string | null {
  const actor = { id: '', role: 'admin' } as const;
  const stop = nextStopMilli(facts);
  const forward = movesFrom(facts.strategy, facts.stage).filter(
    (move: Move) =>
      move.role !== 'system' && (move.way === 'forward' || (move.verb === 'set_read_share' && stop !== null)),
  );
  for (const move of forward) {
    const isShare = move.verb === 'set_read_share';
    const answer = decide(facts, move.verb, actor, isShare ? { readShareMilli: stop as number } : {});
    const label = isShare ? `Shift reads to ${formatShare(stop as number)}` : move.label;
    if (answer.ok) return `Ready: ${label}.`;
    const unmet = answer.error.gates.filter((gate) => !gate.met);
    if (unmet.length > 0 && unmet.every((gate) => APPROVAL_GATES.has(gate.gate)))
      return `${label} waits for an approval.`;
  }
  return null;
}
