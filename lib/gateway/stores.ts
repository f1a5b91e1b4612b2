/**
 * The stores behind a gateway: one kept wire a connection and credential. A credential of a purpose (PROTOCOL F3) is
 * used where one was issued, else the connection's own.
 */
import type { ConnectionRow, Material } from '@/db/queries/gateway/material';
import { systemClock } from '@/lib/adapters/clock';
import type { Clock, Log, StoreCredentials, StoreWire } from '@/lib/adapters/ports';
import type { Sealer } from '@/lib/adapters/sealing';
import { createWire } from '@/lib/adapters/store-wire';
import type { TableRouting } from '@/lib/contracts/routing';
import { NO_MAPPINGS } from '@/lib/domain/mapping/mapping';
import { ALL_SAFEGUARDS, type SafeguardSet } from '@/lib/domain/safeguards';
import { Breaker, type BreakerState } from './breaker/breaker';
import { guarded } from './breaker/guard';
import { LIMITS } from './limits';
import { MappedTables, mappedWire } from './mapping/mapped-wire';
import { Counters } from './metrics/counters';
import type { Store, Stores } from './pipeline/stores';

interface Made {
  text: string;
  wire: StoreWire;
}

export interface SealedStoresOptions {
  sealer: Sealer;
  log: Log;
  counters?: Counters;
  clock?: Clock;
  safeguards?: SafeguardSet;
}

export class SealedStores implements Stores {
  #material: Material = { connections: [], credentials: [], keys: [] };
  readonly #wires = new Map<string, Made>();
  #source: Store | null = null;
  #tables = new WeakMap<TableRouting, { source?: Store; target?: Store }>();

  #connectionId: string | null = null;
  #isDead = false;
  /** Requests to each connection since they were last taken, for its monthly quota. */
  #sent = new Map<string, number>();
  /** One a connection: whatever credential was used, it is the same store that answers or does not. */
  readonly #breakers = new Map<string, Breaker>();

  /** One a target connection: a batch may carry several tables over one wire. */
  readonly #mapped = new Map<string, MappedTables>();
  private readonly sealer: Sealer;
  private readonly log: Log;
  private readonly counters: Counters;
  private readonly clock: Clock;
  private readonly safeguards: SafeguardSet;

  constructor(options: SealedStoresOptions) {
    this.sealer = options.sealer;
    this.log = options.log;
    this.counters = options.counters ?? new Counters();
    this.clock = options.clock ?? systemClock;
    this.safeguards = options.safeguards ?? ALL_SAFEGUARDS;
  }

  /** Takes new endpoints and credentials. Wires that changed are replaced; the old ones end with their last answer. */
  update(material: Material, connectionId: string): void {
    this.#connectionId = connectionId;
    const before = JSON.stringify([this.#material.connections, this.#material.credentials]);
    this.#material = material;
    if (JSON.stringify([material.connections, material.credentials]) === before) return;
    this.#source = null;
    this.#tables = new WeakMap();
  }

  has(connectionId: string): boolean {
    return this.#material.connections.some((one) => one.id === connectionId);
  }

  source(): Store {
    this.#source ??= { wire: this.#wire(this.#sourceId(), 'origin'), tableName: null, kind: 'dynamodb' };
    return this.#source;
  }

  side(table: TableRouting, side: 'source' | 'target'): Store {
    let known = this.#tables.get(table);
    if (known === undefined) {
      known = {};
      this.#tables.set(table, known);
    }
    const found = known[side];
    if (found) return found;
    const isSource = side === 'source';
    const purposes = isSource ? (['origin', 'reverse'] as const) : (['mirror', 'primary'] as const);
    const wire = this.#wire(
      isSource ? this.#sourceId() : table.targetConnectionId,
      purposes[table.authority === 'source' ? 0 : 1],
    );
    const tableName = !isSource && table.targetTableName !== table.tableName ? table.targetTableName : null;
    if (!isSource) {
      wire.know?.(table.targetTableName, table.keySchema);
      const mappings = this.safeguards.mappings ? table.mappings : NO_MAPPINGS;
      this.#mappedOn(table.targetConnectionId).set(table.targetTableName, mappings);
    }
    const breaker = this.#breaker(wire.target.connectionId);
    const made: Store = { wire, tableName, kind: wire.target.kind, admits: () => breaker.admits() };
    known[side] = made;
    return made;
  }

  isSilent(connectionId: string): boolean {
    const breaker = this.#breakers.get(connectionId);
    return breaker !== undefined && breaker.state() !== 'closed';
  }

  inFlight(): number {
    let sum = 0;
    for (const { wire } of this.#wires.values()) sum += wire.inFlight();
    return sum;
  }

  /** What was sent since the last call, by connection. What could not be booked is given back with `giveBack`. */
  takeSent(): ReadonlyMap<string, number> {
    const sent = this.#sent;
    this.#sent = new Map();
    return sent;
  }

  giveBack(connectionId: string, requests: number): void {
    this.#count(connectionId, requests);
  }

  #count(connectionId: string, requests: number): void {
    this.#sent.set(connectionId, (this.#sent.get(connectionId) ?? 0) + requests);
  }

  /** By label of the store: its breaker, and for how long it asked to be left alone. */
  breakers(): { store: string; state: BreakerState; opened: number; pausedForMs: number }[] {
    return [...this.#breakers].map(([id, breaker]) => ({
      ...{ store: this.#label(id), state: breaker.state() },
      ...{ opened: breaker.opened, pausedForMs: breaker.pausedForMs() },
    }));
  }

  /** For tests of a crash: nothing more is sent, and no answer comes back to anybody. */
  kill(): void {
    this.#isDead = true;
  }

  async close(): Promise<void> {
    if (this.#isDead) return;
    await Promise.all([...this.#wires.values()].map(({ wire }) => wire.close()));
  }

  #sourceId(): string {
    if (this.#connectionId === null) throw new Error('No connection is known yet');
    return this.#connectionId;
  }

  #label(connectionId: string): string {
    return connectionId === this.#connectionId ? 'source' : connectionId;
  }

  #breaker(connectionId: string): Breaker {
    let breaker = this.#breakers.get(connectionId);
    if (breaker === undefined) {
      breaker = new Breaker(this.clock);
      const log = this.log;
      breaker.onChange = (state) => {
        if (state === 'closed') log.info({ connectionId }, 'The store answers again');
        else log.warn({ connectionId }, 'The store does not answer; it is asked by probes only where it can be spared');
      };
      this.#breakers.set(connectionId, breaker);
    }
    return breaker;
  }

  #mappedOn(connectionId: string): MappedTables {
    const known = this.#mapped.get(connectionId) ?? new MappedTables();
    this.#mapped.set(connectionId, known);
    return known;
  }

  #mortal(wire: StoreWire): StoreWire {
    const never = new Promise<never>(() => {});
    return {
      target: wire.target,
      know: wire.know,
      send: (request) => {
        this.#count(wire.target.connectionId, 1);
        return this.#isDead ? never : wire.send(request).then((one) => (this.#isDead ? never : one));
      },
      inFlight: () => wire.inFlight(),
      close: () => wire.close(),
    };
  }

  #wire(connectionId: string, purpose: string): StoreWire {
    const connection = this.#material.connections.find((one) => one.id === connectionId);
    if (!connection) throw new Error(`The connection ${connectionId} is not known to this gateway`);
    const own = this.#material.credentials.filter(
      (one) => one.connectionId === connectionId && one.purpose === purpose,
    );
    const issued = own[own.length - 1];
    const sealed = issued?.credentialSealed ?? connection.credentialSealed;
    const text = JSON.stringify([connection.endpoint, connection.region, connection.kind, sealed]);
    const id = `${connectionId} ${issued ? purpose : ''}`;
    const known = this.#wires.get(id);
    if (known?.text === text) return known.wire;
    const made = createWire({
      connectionId,
      kind: connection.kind,
      endpoint: connection.endpoint,
      region: connection.region,
      credentials: this.#open(connection, sealed, issued ? 'store-credential' : 'connection'),
      timeoutMs: LIMITS.passThroughTimeoutMs,
    });
    const held = guarded(this.#mortal(made), {
      breaker: this.#breaker(connectionId),
      counters: this.counters,
      store: this.#label(connectionId),
      isHeldToShape: connectionId !== this.#connectionId,
    });
    const wire = connectionId === this.#connectionId ? held : mappedWire(held, this.#mappedOn(connectionId));
    this.#wires.set(id, { text, wire });
    // Images that still wait were given the old wire.
    if (known) setTimeout(() => void known.wire.close(), LIMITS.retiredWireMs).unref();
    return wire;
  }

  #open(connection: ConnectionRow, sealed: string, purpose: string): StoreCredentials {
    const opened = this.sealer.open(sealed, purpose);
    if (!opened.ok) {
      this.log.error({ connectionId: connection.id, fault: opened.error }, 'A stored credential cannot be opened');
      throw new Error(`The credential of connection ${connection.id} cannot be opened: ${opened.error}`);
    }
    return JSON.parse(opened.value) as StoreCredentials;
  }
}
