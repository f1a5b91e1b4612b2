import 'server-only';
import { listen } from '@/db/client';
import { CHANNELS } from '@/lib/contracts/routing';
import type { Change } from '../_data/live';
import { services } from './container';

const SUBSCRIBERS_MAX = 500;

type Told = (change: Change) => void;

/** One LISTEN a process, whose messages go to every open stream. */
class ChangeHub {
  readonly #told = new Set<Told>();
  #listening: ReturnType<typeof listen> | null = null;

  /** Null when too many streams are open already; the browser then polls. */
  subscribe(told: Told): (() => void) | null {
    if (this.#told.size >= SUBSCRIBERS_MAX) return null;
    this.#listen();
    this.#told.add(told);
    return () => this.#told.delete(told);
  }

  /** Whether changes would be heard now. While not, streams stay silent, so that screens say so and poll. */
  isConnected(): boolean {
    return this.#listening?.isConnected() ?? false;
  }

  #listen(): void {
    if (this.#listening) return;
    const { sql, clock } = services();
    const tell = (change: Omit<Change, 'at'>) => {
      const stamped = { ...change, at: new Date(clock.nowMs()).toISOString() };
      for (const told of this.#told) told(stamped);
    };
    this.#listening = listen(sql, CHANNELS.changes, {
      message: (payload) => {
        const change = parseChange(payload);
        if (change) tell(change);
      },
      // What was said while the connection was away is lost, so everything is looked at again.
      reconnect: () => tell({ topic: 'everything', id: null, planId: null, tableId: null }),
    });
  }
}

/** `{topic, planId, planTableId}` of the channel; null when it is not that. */
export function parseChange(payload: string): Omit<Change, 'at'> | null {
  let body: { topic?: unknown; planId?: unknown; planTableId?: unknown; tableId?: unknown; id?: unknown };
  try {
    body = JSON.parse(payload);
  } catch {
    return null;
  }
  if (typeof body !== 'object' || body === null || typeof body.topic !== 'string') return null;
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  const tableId = text(body.planTableId) ?? text(body.tableId);
  const planId = text(body.planId);
  return { topic: body.topic, id: text(body.id) ?? tableId ?? planId, planId, tableId };
}

const held = globalThis as typeof globalThis & { landfallChanges?: ChangeHub };

export function changes(): ChangeHub {
  held.landfallChanges ??= new ChangeHub();
  return held.landfallChanges;
}
