/** Connections to stores, one wire and one pace each, kept current while the worker runs. */

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

export interface StoresOptions {
  workerId: string;
  ledger: Pick<Ledger, 'loadConnections' | 'tellWorkers'>;
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
    return this.#hold(row, null);
  }

  #hold(row: StoreRow, pace: Pace | null): Store {
    const opened = this.options.sealer.open(row.credentialSealed, 'connection');
    if (!opened.ok) throw new Error(`the credential of connection ${row.id} cannot be opened (${opened.error})`);
    const { id: connectionId, kind, endpoint, region } = row;
    const credentials = JSON.parse(opened.value) as StoreCredentials;
    const wire = this.options.makeWire({ connectionId, kind, endpoint, region, credentials, timeoutMs: TIMEOUT_MS });
    const kept =
      pace ??
      new Pace(row.name, this.#limitsOf(row), this.options.clock, (waitMs) =>
        this.#tell({ connectionId, waitMs, from: this.options.workerId }),
      );
    const store = { connectionId, kind, wire, pace: kept };
    this.#held.set(connectionId, { store, version: row.version });
    return store;
  }

  /** An equal part for each live worker, after the reserve for live traffic. */
  #limitsOf(row: StoreRow): BudgetLimits {
    const { requestsPerSecond, itemsPerSecond, readUnitsPerSecond } = withoutReserve(row, row.liveReserveMilli);
    const workers = this.#liveWorkers;
    return {
      requestsPerSecond: requestsPerSecond / workers,
      itemsPerSecond: itemsPerSecond / workers,
      readUnitsPerSecond: readUnitsPerSecond ? readUnitsPerSecond / workers : null,
    };
  }

  #tell(payload: object): void {
    // A lost message costs one throttled request of another worker, which then hears it from the store itself.
    this.options.ledger.tellWorkers(payload).catch(() => {});
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
    for (const row of await this.options.ledger.loadConnections(ids)) {
      const held = this.#held.get(row.id);
      if (!held) continue;
      held.store.pace.setLimits(this.#limitsOf(row));
      if (held.version === row.version) continue;
      this.#hold(row, held.store.pace);
      void held.store.wire.close().catch(() => {});
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#held.values()].map(({ store }) => store.wire.close()));
  }
}
