/** Connections to stores, one wire and one pace each, kept current while the worker runs. */

import type { SharedUse } from '@/db/queries/pacing';
import type { StoreRow } from '@/db/queries/run';
import type { Clock, StoreCredentials, StoreTarget, StoreWire } from '@/lib/adapters/ports';
import type { Sealer } from '@/lib/adapters/sealing';

import { type BudgetLimits, withoutReserve } from '@/lib/domain/pacing/budget';
import { invariant } from '@/lib/domain/result';
import type { Ledger } from './ledger';
import { Pace } from './pace';

export interface Store {
  readonly connectionId: string;
  readonly kind: StoreTarget['kind'];
  readonly wire: StoreWire;
  readonly pace: Pace;
}

interface Held {
  store: Store;
  version: number;
}

/** Bound of one request where the plan names none (probes, canaries). */
const TIMEOUT_MS = 900;

/** A worker that has just begun takes no more than everybody could for so long: others must hear of it first. */
const NEWCOMER_MS = 2_500;

export interface StoresOptions {
  workerId: string;
  ledger: Pick<Ledger, 'loadConnections' | 'tellWorkers' | 'loadSharedUse' | 'bookRequests' | 'keepQuiet'>;
  sealer: Sealer;
  clock: Clock;
  makeWire(target: StoreTarget): StoreWire;
}

export class Stores {
  readonly #held = new Map<string, Held>();
  readonly #opening = new Map<string, Promise<Store>>();
  #liveWorkers = 1;

  constructor(private readonly options: StoresOptions) {}

  /** The store of a connection; opened on first use with the connection's own credential. */
  async get(connectionId: string): Promise<Store> {
    const held = this.#held.get(connectionId);
    if (held) return held.store;
    const opening = this.#opening.get(connectionId) ?? this.#open(connectionId);
    this.#opening.set(connectionId, opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(connectionId);
    }
  }

  async #open(connectionId: string): Promise<Store> {
    const [row] = await this.options.ledger.loadConnections([connectionId]);
    invariant(row, 'the connection of a plan exists');
    const [use] = await this.options.ledger.loadSharedUse({ ids: [connectionId], workerId: this.options.workerId });
    const store = this.#hold(row, null);
    if (use) this.#share(store.pace, row, use);
    return store;
  }

  #hold(row: StoreRow, pace: Pace | null): Store {
    const opened = this.options.sealer.open(row.credentialSealed, 'connection');
    if (!opened.ok) throw new Error(`the credential of connection ${row.id} cannot be opened (${opened.error})`);
    const { id: connectionId, kind, endpoint, region } = row;
    const credentials = JSON.parse(opened.value) as StoreCredentials;
    const wire = this.options.makeWire({ connectionId, kind, endpoint, region, credentials, timeoutMs: TIMEOUT_MS });
    const kept =
      pace ??
      new Pace(row.name, this.#limitsOf(row, this.#liveWorkers), this.options.clock, (waitMs) =>
        this.#tell(connectionId, waitMs),
      );
    const store = { connectionId, kind, wire: obedient(wire, kept), pace: kept };
    this.#held.set(connectionId, { store, version: row.version });
    return store;
  }

  /** An equal part for each of so many workers, after the reserve for live traffic. */
  #limitsOf(row: StoreRow, workers: number): BudgetLimits {
    const { requestsPerSecond, itemsPerSecond, readUnitsPerSecond } = withoutReserve(row, row.liveReserveMilli);
    return {
      requestsPerSecond: requestsPerSecond / workers,
      itemsPerSecond: itemsPerSecond / workers,
      readUnitsPerSecond: readUnitsPerSecond ? readUnitsPerSecond / workers : null,
    };
  }

  #tell(connectionId: string, waitMs: number): void {
    const { ledger, workerId: from } = this.options;
    // A lost message costs a second: then the others read it with the limits.
    ledger.tellWorkers({ connectionId, waitMs, from }).catch(() => {});
    ledger.keepQuiet({ connectionId, waitMs }).catch(() => {});
  }

  /** The part of a busy worker is the larger the fewer others are at work on the connection. */
  #share(pace: Pace, row: StoreRow, use: SharedUse): void {
    const isNewcomer = pace.busyForMs() < NEWCOMER_MS;
    pace.setLimits(this.#limitsOf(row, isNewcomer ? this.#liveWorkers : 1 + use.othersAtWork));
    pace.keepQuiet(use.quietMs);
    const { requestsPerMonth, usedThisMonth: used } = use;
    const { liveReserveMilli } = row;
    pace.setQuota(requestsPerMonth === null ? null : { requestsPerMonth, used, liveReserveMilli });
  }

  /** What was sent is booked before the month is read; what cannot be booked now is booked with the next. */
  async #book(): Promise<void> {
    for (const [connectionId, { store }] of this.#held) {
      const requests = store.pace.takeUnbooked();
      if (requests === 0) continue;
      try {
        await this.options.ledger.bookRequests({ connectionId, requests });
      } catch (error) {
        store.pace.sent(requests);
        throw error;
      }
    }
  }

  /** Another worker was throttled on a connection. */
  heard(connectionId: string, waitMs: number): void {
    this.#held.get(connectionId)?.store.pace.heard(waitMs);
  }

  /** Reads limits and credentials again; a changed connection gets a new wire, requests in flight end on the old one. */
  async refresh(liveWorkers: number): Promise<void> {
    this.#liveWorkers = liveWorkers;
    const ids = [...this.#held.keys()];
    if (ids.length === 0) return;
    await this.#book();
    const uses = await this.options.ledger.loadSharedUse({ ids, workerId: this.options.workerId });
    const useOf = new Map(uses.map((use) => [use.connectionId, use]));
    for (const row of await this.options.ledger.loadConnections(ids)) {
      const held = this.#held.get(row.id);
      if (!held) continue;
      const use = useOf.get(row.id);
      if (use) this.#share(held.store.pace, row, use);
      if (held.version === row.version) continue;
      this.#hold(row, held.store.pace);
      void held.store.wire.close().catch(() => {});
    }
  }

  async close(): Promise<void> {
    await this.#book().catch(() => {});
    await Promise.allSettled([...this.#held.values()].map(({ store }) => store.wire.close()));
  }
}

/**
 * The wire of a store under its pace. A Retry-After counts from the moment its answer is there, before any other request
 * of this process gets its turn, whoever asked.
 */
function obedient(wire: StoreWire, pace: Pace): StoreWire {
  return {
    target: wire.target,
    know: wire.know,
    inFlight: () => wire.inFlight(),
    close: () => wire.close(),
    send: async (request) => {
      pace.sent();
      const outcome = await wire.send(request);
      if (outcome.kind === 'refused' && outcome.retryAfterMs !== null) pace.throttled(outcome.retryAfterMs);
      return outcome;
    },
  };
}
