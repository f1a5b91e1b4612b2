/**
 * Routing from Postgres to memory by way of the disk (PROTOCOL E1, E2): registration commits first, then the epoch is
 * read; a snapshot is synced before any request obeys it; an epoch is acknowledged once it is on disk and everything
 * begun under older ones has ended.
 */
import type { Sql } from '@/db/client';
import { type Material, readMaterial } from '@/db/queries/gateway/material';
import { findConnection, type GatewayConnection, registerGateway } from '@/db/queries/gateway/registration';
import { readSnapshot } from '@/db/queries/gateway/snapshot';
import type { Log } from '@/lib/adapters/ports';
import type { RoutingSnapshot } from '@/lib/contracts/routing';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import { isNewer, type Views } from '../pipeline/views';
import { DeclaredDeadError } from '../state/declared-dead';
import type { StateFolder } from '../state/folder';
import type { TokenShare } from './token-share';

export interface RoutingParts {
  sql: Sql;
  folder: StateFolder;
  views: Views;
  log: Log;
  safeguards: SafeguardSet;
  tokenShare: TokenShare;
  registration: { connection: string; identity: string; version: string; host: string; listen: string } & {
    verifiesSignatures?: boolean;
  };
  /** Endpoints, credentials and application keys came anew. */
  onMaterial(material: Material, connectionId: string): void;
}

export class RoutingControl {
  connection: GatewayConnection | null = null;
  isRegistered = false;
  /** Why there is no routing yet, for `/ready`. */
  waitingFor = 'Postgres has not answered yet';
  #material: Material | null = null;
  #materialTurn: Promise<void> = Promise.resolve();
  #acknowledged: { incarnation: number; epoch: number } | null = null;
  #readAtMs: number | null = null;

  constructor(private readonly parts: RoutingParts) {}

  /** What may be reported as acknowledged; call it again when a view has ended. */
  acknowledged(): { incarnation: number; epoch: number } | null {
    const { views, safeguards } = this.parts;
    const now = views.current?.snapshot;
    if (now && this.isRegistered && (!safeguards.drainBeforeAck || views.isDrained())) {
      this.#acknowledged = { incarnation: now.incarnation, epoch: now.epoch };
    }
    return this.#acknowledged;
  }

  /** The next look at Postgres registers first. */
  registerAgain(): void {
    this.isRegistered = false;
  }

  /** Monotonic time of the last routing read; null before the first. */
  get readAtMs(): number | null {
    return this.#readAtMs;
  }

  /** A stored open snapshot of a process that crashed: served as it is, held if it is held (PROTOCOL F5). */
  async resume(): Promise<boolean> {
    const { folder, views } = this.parts;
    const routing = await folder.readOpenSnapshot(this.connection?.id ?? null);
    const material = this.#material ?? (await folder.readMaterial());
    if (routing === null || material === null || !covers(material, routing)) return false;
    if (this.connection === null) this.#take(material, routing.connectionId);
    views.take(routing);
    return true;
  }

  /** One look at Postgres. Throws while it is away. */
  async refresh(): Promise<void> {
    const { sql, folder, views, registration } = this.parts;
    if (!this.isRegistered) await this.#register();
    const connection = this.connection as GatewayConnection;
    const startedAtMs = performance.now();
    const snapshot = await readSnapshot(sql, connection.id);
    if (snapshot === null) {
      this.waitingFor = `nothing is published yet for the connection ${registration.connection}`;
      return;
    }
    this.#readAtMs = startedAtMs;
    if (!isNewer(snapshot, views.current?.snapshot ?? null)) return;
    // Credentials change with the direction (PROTOCOL F3), so each epoch comes with the ones of its time.
    await this.refreshMaterial();
    if (this.#opensTable(snapshot)) await this.parts.tokenShare.read(connection.id);
    if (this.parts.safeguards.snapshotSynced) await folder.writeSnapshot(snapshot, 'open');
    const isTaken = views.take(snapshot);
    if (isTaken) this.parts.log.info({ epoch: snapshot.epoch, tables: snapshot.tables.length }, 'Routing taken');
  }

  /** The first routing of this process, or one that lets a held table go: what others carried out is learnt first (F7). */
  #opensTable(next: RoutingSnapshot): boolean {
    if (!this.parts.safeguards.tokensShared) return false;
    const now = this.parts.views.current;
    if (now === null) return true;
    const isHeld = (planTableId: string) => now.byId.get(planTableId)?.writes === 'held';
    return next.tables.some((table) => table.writes !== 'held' && isHeld(table.planTableId));
  }

  /** One at a time: two would write one file at once, and the older of two readings could be the one that stays. */
  refreshMaterial(): Promise<void> {
    const turn = this.#materialTurn.catch(() => {}).then(() => this.#readMaterial());
    this.#materialTurn = turn;
    return turn;
  }

  async #readMaterial(): Promise<void> {
    if (this.connection === null) return;
    const { sql, folder } = this.parts;
    const material = await readMaterial(sql, { connectionId: this.connection.id, gatewayId: folder.gatewayId });
    // Keys that replace what this gateway knew are not for it (PROTOCOL F4).
    if (material === null) throw new DeclaredDeadError(folder.gatewayId);
    const before = this.#material;
    if (before !== null && JSON.stringify(before) === JSON.stringify(material)) return;
    await folder.writeMaterial(material);
    this.#take(material, this.connection.id);
  }

  async #register(): Promise<void> {
    const { sql, folder, registration, log } = this.parts;
    const connection = await findConnection(sql, registration.connection);
    if (connection === null) {
      this.waitingFor = `there is no connection ${registration.connection}`;
      throw new Error(this.waitingFor);
    }
    const { identity, version, host, listen, verifiesSignatures } = registration;
    const row = {
      id: folder.gatewayId,
      connectionId: connection.id,
      identity,
      version,
      host,
      listen,
      verifiesSignatures,
    };
    if (!(await registerGateway(sql, row))) throw new DeclaredDeadError(folder.gatewayId);
    this.connection = connection;
    this.isRegistered = true;
    log.info({ gatewayId: folder.gatewayId, connectionId: connection.id }, 'Registered');
    await this.refreshMaterial();
    // An open snapshot of an earlier life may be newer than what Postgres has after a restore; the highest counts.
    await this.resume();
  }

  #take(material: Material, connectionId: string): void {
    this.#material = material;
    this.parts.onMaterial(material, connectionId);
  }
}

const covers = (material: Material, routing: RoutingSnapshot): boolean =>
  [routing.connectionId, ...routing.tables.map((table) => table.targetConnectionId)].every((id) =>
    material.connections.some((one) => one.id === id),
  );
