/**
 * Between a process and a store everything may go wrong that a network and a store can do to a request: it is slow, lost,
 * applied after its sender gave it up, applied twice, applied with its answer lost, refused for load, or answered with
 * 500. Nothing stays on its way for longer than the plan's Δ after it was sent: that is what Δ says.
 */
import type { StoreTarget, StoreWire, WireOutcome, WireRequest } from '@/lib/adapters/ports';
import type { Chance } from './chance';
import type { SimProcess } from './process';
import type { SimStore } from './sim-store';
import type { VirtualTime } from './virtual-time';

export interface NetworkFaults {
  /** Share of requests to each fate; the rest arrive and are answered. */
  lost: number;
  late: number;
  answerLost: number;
  duplicated: number;
  throttled: number;
  serverError: number;
}

export const NO_FAULTS: NetworkFaults = {
  lost: 0,
  late: 0,
  answerLost: 0,
  duplicated: 0,
  throttled: 0,
  serverError: 0,
};

const FATES = Object.keys(NO_FAULTS) as (keyof NetworkFaults)[];
type Fate = keyof NetworkFaults | 'fine';
type Unknown = Extract<WireOutcome, { kind: 'unknown' }>;

const HEADERS = { 'content-type': 'application/x-amz-json-1.0' };
/** Of Δ: the most that a request may be on its way after it was sent. */
const LATE_SHARE_MAX = 0.9;
/** Of requests whose sender was killed while they were on their way. */
const ABANDONED_SHARE = 0.4;

export interface NetworkParts {
  time: VirtualTime;
  chance: Chance;
  faults: NetworkFaults;
  deltaMs: number;
  /** Usual way of a request, in one direction. */
  latencyMs: number;
  /** Until when a store takes nothing at all, by its name. */
  outages: Map<string, number>;
  /** Until when a store refuses every write for load and answers reads, by its name. */
  droughts: Map<string, number>;
  /** Told of the sender of each request at the instant at which it was carried out. */
  onApplied(process: SimProcess, operation: string): void;
}

export class Network {
  /** Requests that may still be applied. */
  onTheirWay = 0;

  constructor(private readonly parts: NetworkParts) {}

  /** A wire of one process to one store. */
  wire(process: SimProcess, store: SimStore, target: StoreTarget): StoreWire {
    let inFlight = 0;
    return {
      target,
      inFlight: () => inFlight,
      close: async () => {},
      send: async (request) => {
        if (process.isHeldUp) await process.alive();
        inFlight += 1;
        const outcome = await this.#exchange(process, store, { request, target });
        inFlight -= 1;
        if (process.isHeldUp) await process.alive();
        return outcome;
      },
    };
  }

  #exchange(
    process: SimProcess,
    store: SimStore,
    { request, target }: { request: WireRequest; target: StoreTarget },
  ): Promise<WireOutcome> {
    const { time, chance, deltaMs, latencyMs } = this.parts;
    const timeoutMs = request.timeoutMs ?? target.timeoutMs;
    const fate = this.#fate(store, request.operation);
    const sentAtMs = time.nowMs;
    const input = JSON.parse(request.body.toString()) as Record<string, unknown>;
    return new Promise((resolve) => {
      const timeout = time.after(timeoutMs, () => resolve(unknown('timeout')));
      const arrive = (ms: number, then: (outcome: WireOutcome) => void) => {
        this.onTheirWay += 1;
        let isAbandoned = false;
        const carryOut = () => {
          // What a killed process had sent may still be on its way, for as long as any other request.
          const leftMs = sentAtMs + deltaMs * LATE_SHARE_MAX - time.nowMs;
          if (process.isDead && !isAbandoned && leftMs > 0 && chance.is(ABANDONED_SHARE)) {
            isAbandoned = true;
            time.after(chance.next() * leftMs, carryOut);
            return;
          }
          this.onTheirWay -= 1;
          const applied = store.apply(request.operation, input, process.name);
          this.parts.onApplied(process, request.operation);
          then(answerOf(applied));
        };
        time.after(ms, carryOut);
      };
      const back = (outcome: WireOutcome) => {
        time.after(chance.delayMs(latencyMs), () => {
          timeout.isCancelled = true;
          resolve(outcome);
        });
      };
      const wayMs = chance.delayMs(latencyMs);
      const lateMs = Math.min(deltaMs * LATE_SHARE_MAX, timeoutMs + chance.next() * deltaMs);
      switch (fate) {
        case 'fine':
          return arrive(wayMs, back);
        case 'lost':
          if (chance.is(0.5)) back(unknown('connection'));
          return;
        case 'late':
          if (chance.is(0.5)) back(unknown('connection'));
          return arrive(lateMs, () => {});
        case 'answerLost':
          return arrive(wayMs, () => {
            if (chance.is(0.5)) back(unknown(chance.is(0.5) ? 'connection' : 'undecodable'));
          });
        case 'duplicated':
          // Whoever repeats a request on the way gives no answer while a copy may still be alive; else no protocol
          // without versions could stand. So both copies come before the answer, or the outcome is unknown; and whoever
          // repeats does not answer that nothing was done where the first copy did it (W7 believes a named refusal).
          if (chance.is(0.5)) {
            let first: WireOutcome | null = null;
            arrive(wayMs, (outcome) => {
              first = outcome;
            });
            return arrive(wayMs + chance.delayMs(latencyMs), (outcome) =>
              back(deniesMore(first, outcome) ? unknown('undecodable') : outcome),
            );
          }
          arrive(wayMs, () => {});
          return arrive(lateMs, () => {});
        case 'throttled':
          return back(refused('ProvisionedThroughputExceededException'));
        case 'serverError':
          if (chance.is(0.5)) return arrive(wayMs, () => back(unknown('server_error')));
          return back(unknown('server_error'));
      }
    });
  }

  #fate(store: SimStore, operation: string): Fate {
    const { time, outages, droughts } = this.parts;
    if ((outages.get(store.name) ?? 0) > time.nowMs) return 'lost';
    if ((droughts.get(store.name) ?? 0) > time.nowMs && /Write|Put|Delete|Update/.test(operation)) return 'throttled';
    let at = this.parts.chance.next();
    for (const fate of FATES) {
      const share = this.parts.faults[fate];
      if (at < share) return fate;
      at -= share;
    }
    return 'fine';
  }
}

/** Whether the answer to the second copy denies something that the first one was told to be done. */
function deniesMore(first: WireOutcome | null, second: WireOutcome): boolean {
  if (first?.kind !== 'ok') return false;
  return second.kind !== 'ok' || unprocessedIn(second.body).some((entry) => !unprocessedIn(first.body).includes(entry));
}

/** Entries that a batch left over, as text. */
function unprocessedIn(body: Buffer): string[] {
  const { UnprocessedItems = {} } = JSON.parse(body.toString()) as { UnprocessedItems?: Record<string, object[]> };
  return Object.values(UnprocessedItems).flatMap((entries) => entries.map((entry) => JSON.stringify(entry)));
}

function answerOf({ status, body }: { status: number; body: Record<string, unknown> }): WireOutcome {
  if (status === 200) return { kind: 'ok', status, headers: HEADERS, body: Buffer.from(JSON.stringify(body)) };
  return refused(String(body.__type).split('#')[1] as string, body);
}

function refused(errorType: string, body: Record<string, unknown> = { __type: errorType }): WireOutcome {
  const message = typeof body.message === 'string' ? body.message : errorType;
  const bytes = Buffer.from(JSON.stringify(body));
  return { kind: 'refused', status: 400, headers: HEADERS, body: bytes, errorType, message, retryAfterMs: null };
}

const unknown = (cause: Unknown['cause']): WireOutcome => ({
  kind: 'unknown',
  cause,
  status: cause === 'server_error' ? 500 : null,
  headers: {},
  body: null,
  message: cause,
});
