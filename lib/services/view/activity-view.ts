import { EVENTS_PAGE, type EventFilter, type EventRecord, readEvents } from '@/db/queries/view/events';
import type { ActivityView, EventView } from '@/lib/contracts/views';
import { AppError } from '@/lib/domain/errors';
import type { Actor, ServiceContext } from '../context';
import { type ChainReport, verifyChain } from '../evidence/audit';
import { requireRole } from './require-role';

/** Recomputing the chain reads every entry, so its result is kept for a while; every page of a screen shares it. */
const CHAIN_MS = 30_000;
const chains = new WeakMap<ServiceContext, { atMs: number; report: Promise<ChainReport> }>();

export interface ActivityInput extends Omit<EventFilter, 'before'> {
  /** The `before` of an earlier page. */
  before?: string | null;
}

/** What happened, newest first, a page at a time, and whether the audit chain is whole. */
export async function activityView(ctx: ServiceContext, actor: Actor, input: ActivityInput): Promise<ActivityView> {
  requireRole(actor, 'viewer');
  const before = input.before ? parseCursor(input.before) : null;
  const [events, chain] = await Promise.all([readEvents(ctx.sql, { ...input, before }), chainOf(ctx)]);
  const page = events.slice(0, EVENTS_PAGE);
  const last = page[page.length - 1];
  const hasOlder = events.length > EVENTS_PAGE && last !== undefined;
  return {
    events: page.map(toEvent),
    before: hasOlder ? `${last.cursorAt}~${last.id}` : null,
    chain: { verified: chain.verified, entries: chain.entries, sentence: chain.sentence },
  };
}

function chainOf(ctx: ServiceContext): Promise<ChainReport> {
  const known = chains.get(ctx);
  const nowMs = ctx.clock.monotonicMs();
  if (known && nowMs - known.atMs < CHAIN_MS) return known.report;
  const report = verifyChain(ctx);
  report.catch(() => chains.delete(ctx));
  chains.set(ctx, { atMs: nowMs, report });
  return report;
}

function parseCursor(text: string): { at: string; id: string } {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)~([A-Za-z0-9_]{1,80})$/.exec(text);
  if (!match) throw new AppError('input.invalid', 'The address of this page of the record is not one that we gave.');
  return { at: match[1]!, id: match[2]! };
}

const toEvent = ({ cursorAt: _, ...event }: EventRecord): EventView => ({ ...event, at: event.at.toISOString() });
