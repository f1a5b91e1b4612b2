/** The side of a gateway that talks to Postgres. Nothing on the request path waits for it. */

import { listen, type Sql } from '@/db/client';
import { ping, sayGoodbye } from '@/db/queries/gateway/registration';
import { report } from '@/db/queries/gateway/reports';
import type { Log } from '@/lib/adapters/ports';
import { CHANNELS } from '@/lib/contracts/routing';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import { LIMITS } from '../limits';
import type { Views } from '../pipeline/views';
import type { Authorizer } from '../sigv4/authorize';
import type { StateFolder } from '../state/folder';
import type { SealedStores } from '../stores';
import { Loop } from './loop';
import { DeclaredDeadError, RoutingControl } from './routing';

export interface ControlParts {
  sql: Sql;
  folder: StateFolder;
  views: Views;
  log: Log;
  safeguards: SafeguardSet;
  stores: SealedStores;
  authorizer: Authorizer;
}

export interface StartFacts {
  connection: string;
  identity: string;
  version: string;
  host: string;
  listen: string;
  onFatal?: (error: Error) => void;
}

export class Control {
  #routing: RoutingControl | null = null;
  readonly #loops: Loop[] = [];
  #listening: { stop(): Promise<void> } | null = null;
  #report: Loop | null = null;
  #isEnding = false;

  constructor(private readonly parts: ControlParts) {}

  notReady(): string | null {
    if (this.#isEnding) return 'this gateway is ending';
    if (this.parts.views.current !== null) return null;
    return `no routing yet: ${this.#routing?.waitingFor ?? 'starting'}`;
  }

  /** Resolves once there is routing to obey. Rejects where this identity may never serve again. */
  async start(facts: StartFacts): Promise<void> {
    const { views, stores, authorizer, log } = this.parts;
    const routing = new RoutingControl({
      ...this.parts,
      registration: facts,
      onMaterial: (material, connectionId) => {
        stores.update(material, connectionId);
        authorizer.update(material.keys);
      },
    });
    this.#routing = routing;
    views.onChange = () => this.#report?.kick();
    await this.#firstLook(routing);
    if (this.#isEnding) return;
    const everyMs = LIMITS.pollEveryMs;
    const poll = new Loop({ name: 'routing', everyMs, log, run: () => this.#refresh(routing, facts) });
    this.#loops.push(
      poll,
      new Loop({ name: 'material', everyMs: LIMITS.materialEveryMs, log, run: () => routing.refreshMaterial() }),
    );
    this.#report = new Loop({ name: 'report', everyMs: LIMITS.reportEveryMs, log, run: () => this.#say(facts) });
    this.#loops.push(this.#report);
    this.#listening = listen(this.parts.sql, CHANNELS.routing, {
      message: () => poll.kick(),
      reconnect: () => poll.kick(),
    });
  }

  /** Nothing in flight and Postgres there: the snapshot is closed first, then goodbye is said (PROTOCOL F5). */
  async goodbye(stopped: Promise<void>): Promise<boolean> {
    this.#isEnding = true;
    const { folder, views, sql, log } = this.parts;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((done) => {
      timer = setTimeout(() => done('late'), LIMITS.closeWaitMsMax);
    });
    const first = await Promise.race([stopped, late]);
    clearTimeout(timer);
    await this.#stopLoops();
    if (first === 'late' || views.inFlight() > 0 || !this.#routing?.isRegistered) return false;
    try {
      await ping(sql);
      if (views.current) await folder.writeSnapshot(views.current.snapshot, 'closed');
      await sayGoodbye(sql, folder.gatewayId);
      return true;
    } catch (error) {
      log.warn({ error }, 'No goodbye could be said');
      return false;
    }
  }

  async die(): Promise<void> {
    this.#isEnding = true;
    await this.#stopLoops();
  }

  async #firstLook(routing: RoutingControl): Promise<void> {
    const { views, log } = this.parts;
    const startedAt = performance.now();
    for (let tries = 0; views.current === null && !this.#isEnding; tries += 1) {
      try {
        await routing.refresh();
      } catch (error) {
        if (error instanceof DeclaredDeadError) throw error;
        if (tries === 0) log.warn({ error }, 'Postgres gave no routing yet; it is asked again');
        const isLate = performance.now() - startedAt > LIMITS.startAskMsMax || !routing.isRegistered;
        if (isLate && (await routing.resume())) return;
      }
      if (views.current === null) await new Promise((done) => setTimeout(done, Math.min(100 * 2 ** tries, 1_000)));
    }
  }

  async #refresh(routing: RoutingControl, facts: StartFacts): Promise<void> {
    try {
      await routing.refresh();
    } catch (error) {
      if (error instanceof DeclaredDeadError) facts.onFatal?.(error);
      throw error;
    }
  }

  async #say(facts: StartFacts): Promise<void> {
    const { sql, folder, views } = this.parts;
    const acknowledged = this.#routing?.acknowledged() ?? null;
    const state = await report(sql, {
      gatewayId: folder.gatewayId,
      acknowledged,
      inFlight: views.inFlight(),
      intentsOpen: 0,
      dirtyKnown: 0,
      feedAgeMs: null,
      unprovenSinceMs: null,
      tables: [],
    });
    if (state === 'declared_dead') facts.onFatal?.(new DeclaredDeadError(folder.gatewayId));
  }

  async #stopLoops(): Promise<void> {
    await Promise.all([...this.#loops.map((loop) => loop.stop()), this.#listening?.stop()]);
  }
}
