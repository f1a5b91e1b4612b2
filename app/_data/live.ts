'use client';

import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useMemo, useRef, useState } from 'react';

/**
 * Live data: the server says over SSE that something changed, and the queries that show it are read again. The events
 * carry no data, so a lost one costs a late read and never a wrong one; while the stream is away everything is polled.
 */
export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'stale';

/** One change, as `/api/stream` sends it. */
export interface Change {
  topic: string;
  id: string | null;
  planId: string | null;
  tableId: string | null;
  at: string;
}

export interface Live {
  state: LiveState;
  /** When data was last known to be current; null before the first contact. */
  currentAtMs: number | null;
  isPaused: boolean;
  /** Reading moving text is hard for some; pausing stops every update (WCAG 2.2.2). */
  setPaused: (isPaused: boolean) => void;
}

const STALE_AFTER_MS = 30_000;
const SILENCE_MS_MAX = 20_000;
const POLL_MS = 5_000;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 15_000;
const WATCH_MS = 1_000;
/** A page that was just opened is not in trouble; only a stream that stays away is. */
const CONNECT_MS = 4_000;
const PAUSE_STORAGE_KEY = 'landfall.paused';

/** Query keys begin with their topic, and with the id where they are about one thing: `['table', id, …]`. */
async function invalidate(client: QueryClient, change: Change): Promise<void> {
  const ids = [change.id, change.planId, change.tableId].filter((id): id is string => id !== null);
  await client.invalidateQueries({
    predicate: ({ queryKey }) => {
      const [first, second] = queryKey;
      // Overviews show parts of everything; a page of one thing only itself.
      return typeof second !== 'string' || ids.length === 0 || ids.includes(second) || first === change.topic;
    },
  });
}

const LiveContext = createContext<Live>({ state: 'stale', currentAtMs: null, isPaused: false, setPaused: () => {} });

/** State of the stream; forward moves are disabled while it is `stale`, going back never. */
export const useLive = (): Live => useContext(LiveContext);

function readPaused(): boolean {
  try {
    return localStorage.getItem(PAUSE_STORAGE_KEY) === 'yes';
  } catch {
    return false;
  }
}

export const LiveProvider = LiveContext.Provider;

/** Opens the stream and keeps it; used once, by the shell. */
export function useLiveSource(): Live {
  const client = useQueryClient();
  const [isPaused, setIsPaused] = useState(false);
  const [state, setState] = useState<LiveState>('connecting');
  const [currentAtMs, setCurrentAtMs] = useState<number | null>(null);
  const heardAt = useRef<number | null>(null);
  useEffect(() => setIsPaused(readPaused()), []);

  useEffect(() => {
    if (isPaused) return;
    const openedAtMs = Date.now();
    let source: EventSource | null = null;
    let retryMs = RETRY_MS_MIN;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let isEnded = false;
    const heard = () => {
      heardAt.current = Date.now();
    };
    const open = () => {
      if (isEnded) return;
      source = new EventSource('/api/stream');
      source.addEventListener('hello', () => {
        retryMs = RETRY_MS_MIN;
        heard();
        setState('live');
        // What happened while we were away is not replayed, so all of it is read again.
        void client.invalidateQueries();
      });
      source.addEventListener('beat', heard);
      source.addEventListener('change', (event) => {
        heard();
        void invalidate(client, JSON.parse((event as MessageEvent<string>).data) as Change);
      });
      source.onerror = () => {
        source?.close();
        retry = setTimeout(open, retryMs);
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      };
    };
    open();
    let polledAtMs = openedAtMs;
    const watch = setInterval(() => {
      const nowMs = Date.now();
      const silentMs = nowMs - (heardAt.current ?? openedAtMs);
      const isLive = heardAt.current !== null && silentMs <= SILENCE_MS_MAX;
      if (!isLive && nowMs - polledAtMs >= POLL_MS) {
        polledAtMs = nowMs;
        client.invalidateQueries().catch(() => {});
      }
      const dataAtMs = Math.max(heardAt.current ?? 0, latestRead(client));
      setCurrentAtMs(dataAtMs || null);
      setState(isLive ? 'live' : withoutStream({ nowMs, openedAtMs, dataAtMs, wasLive: heardAt.current !== null }));
    }, WATCH_MS);
    return () => {
      isEnded = true;
      clearTimeout(retry);
      clearInterval(watch);
      source?.close();
    };
  }, [client, isPaused]);

  return useMemo(
    () => ({
      state: isPaused ? 'stale' : state,
      currentAtMs,
      isPaused,
      setPaused: (next: boolean) => {
        try {
          localStorage.setItem(PAUSE_STORAGE_KEY, next ? 'yes' : 'no');
        } catch {
          // Private windows may refuse; the choice then lasts as long as the page.
        }
        setIsPaused(next);
      },
    }),
    [state, currentAtMs, isPaused],
  );
}

function withoutStream(at: { nowMs: number; openedAtMs: number; dataAtMs: number; wasLive: boolean }): LiveState {
  if (at.nowMs - (at.dataAtMs || at.openedAtMs) > STALE_AFTER_MS) return 'stale';
  return !at.wasLive && at.nowMs - at.openedAtMs < CONNECT_MS ? 'connecting' : 'reconnecting';
}

/** When a query that is on screen last succeeded. */
function latestRead(client: QueryClient): number {
  let latest = 0;
  for (const query of client.getQueryCache().getAll()) {
    if (query.getObserversCount() > 0 && query.state.status === 'success')
      latest = Math.max(latest, query.state.dataUpdatedAt);
  }
  return latest;
}
