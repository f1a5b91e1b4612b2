/** The side of a gateway that talks to Postgres. Nothing on the request path waits for it. */
import { listen, type Sql } from '@/db/client';
import { readDirty } from '@/db/queries/gateway/dirty';
import type { KeyRow } from '@/db/queries/gateway/material';
import { ping, sayGoodbye } from '@/db/queries/gateway/registration';
import { markUnproven, report, reportSnapshot, type TableReport } from '@/db/queries/gateway/reports';
import type { Clock, Log } from '@/lib/adapters/ports';
import { CHANNELS, type TableRouting } from '@/lib/contracts/routing';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import { probeTargets, silentTargets } from '../breaker/authority-health';
import type { DirtyFeed } from '../dirty/feed';
import type { Marks } from '../dirty/marks';
import type { Intents } from '../intents/intents';
import { LIMITS } from '../limits';
import { decode } from '../pipeline/parse';
import type { Pipeline } from '../pipeline/pipeline';
import type { Views } from '../pipeline/views';
import { DeclaredDeadError } from '../state/declared-dead';
import type { StateFolder } from '../state/folder';
import type { SealedStores } from '../stores';
import { CanaryDuty } from './canary';
import { Loop } from './loop';
import { RoutingControl } from './routing';
import type { ShadowSamples } from './shadow-samples';
import type { TokenShare } from './token-share';
import { TrafficReport } from './traffic-report';

export interface ControlParts {
  sql: Sql;
  folder: StateFolder;
  views: Views;
  clock: Clock;
  log: Log;
  safeguards: SafeguardSet;
  stores: SealedStores;
  /** Told the keys of applications; null where nobody checks signatures. */
  keys: { update(rows: readonly KeyRow[]): void } | null;
  intents: Intents;
  marks: Marks;
  feed: DirtyFeed;
  pipeline: Pipeline;
  tokenShare: TokenShare;
  samples: ShadowSamples;
}

export interface StartFacts {
  connection: string;
  identity: string;
  version: string;
  host: string;
  listen: string;
  verifiesSignatures: boolean;
  onFatal?: (error: Error) => void;
}

export class Control {
  #routing: RoutingControl | null = null;
  readonly #loops: Loop[] = [];
  readonly #listening: { stop(): Promise<void> }[] = [];
  #report: Loop | null = null;
  #canary: Loop | null = null;
  #feed: Loop | null = null;
  #traffic: TrafficReport | null = null;
  #isEnding = false;
  #poll: Loop | null = null;
  /** Tables whose owed verification is on record in Postgres. */
  readonly #unprovenSaid = new Map<string, number>();

  constructor(private readonly parts: ControlParts) {}

  notReady(): string | null {
    if (this.#isEnding) return 'this gateway is ending';
    const { views, stores } = this.parts;
    if (views.current !== null) return silentTargets(views.current.snapshot.tables, stores);
    return `no routing yet: ${this.#routing?.waitingFor ?? 'starting'}`;
  }

  /** Since routing was last read from Postgres; null before the first time. */
  routingAgeMs(): number | null {
    const readAtMs = this.#routing?.readAtMs ?? null;
    return readAtMs === null ? null : performance.now() - readAtMs;
  }

  /** Why it cannot serve what comes; one that is ending still serves what its clients send meanwhile. */
  notServing(): string | null {
    return this.parts.views.current === null ? this.notReady() : null;
  }

  /** Resolves once there is routing to obey. Rejects where this identity may never serve again. */
  async start(facts: StartFacts): Promise<void> {
    const { views, stores, keys, intents, marks } = this.parts;
    const routing = new RoutingControl({
      ...this.parts,
      registration: facts,
      onMaterial: (material, connectionId) => {
        stores.update(material, connectionId);
        keys?.update(material.keys);
      },
    });
    this.#routing = routing;
    let seen = views.current;
    views.onChange = () => {
      this.#report?.kick();
      // Until a table's dirty keys were read once, all its reads go to the authority.
      if (views.current !== seen) this.#feed?.kick();
      seen = views.current;
      this.#canary?.kick();
    };
    intents.onChange = (planTableId) => {
      if (views.current?.byId.get(planTableId)?.writes === 'held') this.#report?.kick();
    };
    await this.#firstLook(routing);
    if (this.#isEnding) return;
    // What an earlier life left open may have been carried out: marked before anything else (PROTOCOL D4, F5).
    for (const key of intents.left.splice(0)) {
      marks.mark(key, 'restart', true);
      intents.end(key);
    }
    marks.start();
    this.#startLoops(routing, facts);
  }

  #startLoops(routing: RoutingControl, facts: StartFacts): void {
    const { sql, views, clock, log, folder, intents, feed, pipeline, stores } = this.parts;
    const loop = (name: string, everyMs: number, run: () => Promise<void>) => {
      const made = new Loop({ name, everyMs, log, run });
      this.#loops.push(made);
      return made;
    };
    const poll = loop('routing', LIMITS.pollEveryMs, () => this.#refresh(routing, facts));
    this.#poll = poll;
    loop('held', LIMITS.heldPollEveryMs, async () => {
      if (views.current?.snapshot.tables.some((table) => table.writes === 'held')) poll.kick();
    });
    loop('material', LIMITS.materialEveryMs, async () => {
      await routing.refreshMaterial().catch(async (error: unknown) => {
        if (error instanceof DeclaredDeadError) await this.#endDead(facts, error);
        throw error;
      });
    });
    const feedLoop = loop('feed', LIMITS.feedEveryMs, () => this.#readFeed());
    this.#feed = feedLoop;
    this.#report = loop('report', LIMITS.reportEveryMs, () => this.#say(facts));
    loop('target probe', LIMITS.reportEveryMs, () => probeTargets(views.current?.snapshot.tables ?? [], stores));
    loop('unproven', LIMITS.reportEveryMs, () => this.#sayUnproven());
    loop('intents', LIMITS.reportEveryMs, () => intents.flushIdle());
    const gatewayId = folder.gatewayId;
    const traffic = new TrafficReport({ sql, gatewayId, views, stores, clock, log });
    this.#traffic = traffic;
    loop('traffic', LIMITS.reportEveryMs, () => traffic.run());
    loop('shadow samples', LIMITS.reportEveryMs, () => this.parts.samples.run());
    const canary = new CanaryDuty({ sql, gatewayId, views, handle: (request) => pipeline.handle(request) });
    this.#canary = loop('canary', LIMITS.pollEveryMs, () => canary.run());
    this.#listening.push(
      listen(sql, CHANNELS.routing, { message: () => poll.kick(), reconnect: () => poll.kick() }),
      listen(sql, CHANNELS.dirty, {
        message: (payload) => {
          const said = decode(Buffer.from(payload));
          if (typeof said?.planTableId !== 'string' || !views.current?.byId.has(said.planTableId)) return;
          if (said.event === 'marked' && typeof said.keyHash === 'string') feed.heard(said.planTableId, said.keyHash);
          feedLoop.kick();
        },
        reconnect: () => feedLoop.kick(),
      }),
    );
  }

  /** Nothing in flight and Postgres there: the snapshot is closed first, then goodbye is said (PROTOCOL F5). */
  async goodbye(stopped: Promise<void>): Promise<boolean> {
    this.#isEnding = true;
    const { folder, views, sql, log, intents, pipeline } = this.parts;
    // A held request is told to come again: it has begun nothing, and another gateway may take it.
    views.close();
    // Marks of a recheck would open keys again.
    pipeline.stop();
    const deadlineAt = performance.now() + LIMITS.closeWaitMsMax;
    await withDeadline(stopped, LIMITS.closeWaitMsMax);
    const isIdle = () => views.inFlight() === 0 && intents.size === 0;
    while (!isIdle() && performance.now() < deadlineAt) await rest(20);
    await this.#traffic?.run().catch(() => {});
    await this.#stopLoops();
    if (!isIdle() || intents.unproven.size > 0 || !this.#routing?.isRegistered) return false;
    try {
      await ping(sql);
      await intents.close();
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
    this.parts.pipeline.stop();
    await this.parts.intents.die();
    // A canary under way waits for an intent that nobody records any more.
    await withDeadline(this.#stopLoops(), DIE_MS_MAX);
  }

  async #firstLook(routing: RoutingControl): Promise<void> {
    const { views, log } = this.parts;
    const startedAt = performance.now();
    for (let tries = 0; views.current === null && !this.#isEnding; tries += 1) {
      try {
        await routing.refresh();
      } catch (error) {
        if (error instanceof DeclaredDeadError) {
          await this.parts.folder.bury();
          throw error;
        }
        if (tries === 0) log.warn({ error }, 'Postgres gave no routing yet; it is asked again');
        const isLate = performance.now() - startedAt > LIMITS.startAskMsMax;
        if (isLate && (await routing.resume())) return;
      }
      if (views.current === null) await rest(Math.min(100 * 2 ** tries, 1_000));
    }
  }

  async #refresh(routing: RoutingControl, facts: StartFacts): Promise<void> {
    try {
      await routing.refresh();
    } catch (error) {
      if (error instanceof DeclaredDeadError) await this.#endDead(facts, error);
      throw error;
    }
  }

  /** Nothing of what it knows may be served any more, by this process or by a later one from the same folder (F4). */
  async #endDead(facts: StartFacts, error: DeclaredDeadError): Promise<void> {
    await this.parts.folder.bury();
    facts.onFatal?.(error);
  }

  async #readFeed(): Promise<void> {
    const { sql, views, feed, clock } = this.parts;
    const tables = (views.current?.snapshot.tables ?? []).filter((table) => table.writes !== 'source');
    const startedAtMs = clock.monotonicMs();
    const rowsMax = LIMITS.dirtyRowsPerTableMax;
    const ids = tables.map((table) => table.planTableId);
    const rows = ids.length === 0 ? [] : await readDirty(sql, ids, rowsMax);
    feed.take(startedAtMs, rows, rowsMax);
  }

  async #say(facts: StartFacts): Promise<void> {
    const { sql, folder, views, intents, feed } = this.parts;
    await this.#writeTokens();
    const unproven = [...intents.unproven.values()];
    const ageMs = feed.ageMs();
    const { state, askedRound } = await report(sql, {
      gatewayId: folder.gatewayId,
      acknowledged: this.#routing?.acknowledged() ?? null,
      inFlight: views.inFlight(),
      intentsOpen: intents.size,
      dirtyKnown: feed.size(),
      feedAgeMs: ageMs === null ? null : Math.round(ageMs),
      unprovenSinceMs: unproven.length === 0 ? null : Math.min(...unproven),
      tables: this.#tableReports(),
    });
    // A Postgres that was restored may not know this gateway, or may think that it has ended: it registers anew.
    if (state === null || state === 'goodbye') {
      this.#routing?.registerAgain();
      this.#poll?.kick();
    }
    // What it obeys and not what Postgres says now: the highest of all gateways is taken (PROTOCOL F6).
    const snapshot = views.current?.snapshot ?? null;
    if (askedRound !== null) await reportSnapshot(sql, { gatewayId: folder.gatewayId, round: askedRound, snapshot });
    if (state === 'declared_dead') await this.#endDead(facts, new DeclaredDeadError(folder.gatewayId));
  }

  /** Held, nothing in flight, every intent cleared, and no record of intents owed (PROTOCOL F1, W6). */
  #isAtRest(table: TableRouting): boolean {
    const { views, intents } = this.parts;
    const isUnproven = intents.unproven.has(table.planTableId) || intents.worksForMs() === null;
    const isIdle = views.inFlightOf(table.planTableId) === 0 && intents.openOf(table.planTableId) === 0;
    return table.writes === 'held' && isIdle && !isUnproven;
  }

  /** Before a table is said to be quiet, its tokens are where the other gateways read them (PROTOCOL F7). */
  async #writeTokens(): Promise<void> {
    const view = this.parts.views.current;
    const connectionId = this.#routing?.connection?.id;
    if (view === null || connectionId === undefined || !this.parts.safeguards.tokensShared) return;
    const atRest = view.snapshot.tables.filter((table) => this.#isAtRest(table)).map((table) => table.planTableId);
    if (atRest.length > 0) await this.parts.tokenShare.write(connectionId, atRest, view.epoch);
  }

  #tableReports(): TableReport[] {
    const { views, intents, tokenShare, safeguards } = this.parts;
    const view = views.current;
    if (view === null) return [];
    return view.snapshot.tables.map((table) => {
      const inFlight = views.inFlightOf(table.planTableId);
      const intentsOpen = intents.openOf(table.planTableId);
      const isWritten = !safeguards.tokensShared || tokenShare.isWritten(table.planTableId, view.epoch);
      const isQuiet = this.#isAtRest(table) && isWritten;
      return { planTableId: table.planTableId, quietEpoch: isQuiet ? view.epoch : null, inFlight, intentsOpen };
    });
  }

  /** Intents that could not be recorded: said to Postgres, and taken back after delta (PROTOCOL W6). */
  async #sayUnproven(): Promise<void> {
    const { intents, views, sql, clock } = this.parts;
    if (intents.unproven.size === 0) return;
    await intents.probe();
    const worksForMs = intents.worksForMs();
    const tables = [...intents.unproven].map(([planTableId, sinceMs]) => ({ planTableId, sinceMs }));
    const isNew = tables.some((one) => !this.#unprovenSaid.has(one.planTableId));
    const deltaMs = Math.max(0, ...(views.current?.snapshot.tables ?? []).map((table) => table.deltaMs));
    const isOver = worksForMs !== null && worksForMs > deltaMs;
    if (!isNew && !isOver) return;
    // Said at the beginning, and again at the end: the owed verification begins after the last unrecorded write.
    await markUnproven(sql, tables, 'A gateway could not record its writes on disk');
    for (const { planTableId } of tables) this.#unprovenSaid.set(planTableId, clock.nowMs());
    if (isOver && (await intents.clearUnproven(deltaMs))) this.#unprovenSaid.clear();
  }

  async #stopLoops(): Promise<void> {
    await this.parts.marks.stop();
    await Promise.all([...this.#loops, ...this.#listening].map((one) => one.stop()));
  }
}

/** For tests of a crash. */
const DIE_MS_MAX = 1_000;
const rest = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function withDeadline(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, ms);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
