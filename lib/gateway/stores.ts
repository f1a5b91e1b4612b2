/**
 * The stores behind a gateway: one kept wire a connection and credential. A credential of a purpose (PROTOCOL F3) is
 * used where one was issued, else the connection's own.
 */
import type { ConnectionRow, Material } from '@/db/queries/gateway/material';
import { createStoreWire } from '@/lib/adapters/dynamodb/wire';
import type { Log, StoreCredentials, StoreWire } from '@/lib/adapters/ports';
import type { Sealer } from '@/lib/adapters/sealing';
import type { TableRouting } from '@/lib/contracts/routing';
import { LIMITS } from './limits';
import type { Store, Stores } from './pipeline/stores';

interface Made {
  text: string;
  wire: StoreWire;
}

export class SealedStores implements Stores {
  #material: Material = { connections: [], credentials: [], keys: [] };
  readonly #wires = new Map<string, Made>();
  #source: Store | null = null;
  #tables = new WeakMap<TableRouting, { source?: Store; target?: Store }>();

  #connectionId: string | null = null;
  #isDead = false;

  constructor(
    private readonly sealer: Sealer,
    private readonly log: Log,
  ) {}

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
    const made: Store = { wire, tableName, kind: wire.target.kind };
    known[side] = made;
    return made;
  }

  inFlight(): number {
    let sum = 0;
    for (const { wire } of this.#wires.values()) sum += wire.inFlight();
    return sum;
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

  #mortal(wire: StoreWire): StoreWire {
    const never = new Promise<never>(() => {});
    return {
      target: wire.target,
      send: (request) => (this.#isDead ? never : wire.send(request).then((one) => (this.#isDead ? never : one))),
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
    const made = createStoreWire({
      connectionId,
      kind: connection.kind,
      endpoint: connection.endpoint,
      region: connection.region,
      credentials: this.#open(connection, sealed, issued ? 'store-credential' : 'connection'),
      timeoutMs: LIMITS.passThroughTimeoutMs,
    });
    const wire = this.#mortal(made);
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
