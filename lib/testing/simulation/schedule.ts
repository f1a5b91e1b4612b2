/**
 * One schedule: everything from its seed. Two or three gateways, workers and applications on a few hot keys; a backfill
 * and a verification while they write; requests that are lost, late, doubled or answered with trouble; processes that
 * are killed, frozen or lose power, clocks that jump, a store that is gone for a while, a database that fails. Then
 * everything heals, what is owed is paid, and the history is judged.
 */
import type { Log, StoreTarget } from '@/lib/adapters/ports';
import { ALL_SAFEGUARDS, type SafeguardSet } from '@/lib/domain/safeguards';
import { type Asked, runApplication } from './application';
import { Beside } from './beside';
import { Chance } from './chance';
import { type Beginning, beginningOf, Copying } from './copying';
import { Fences } from './fences';
import { judgeHistory } from './history';
import { Network, type NetworkFaults, NO_FAULTS } from './network';
import { SimProcess } from './process';
import { CONNECTIONS, DELTA_MS, type Direction, faultsOf, SOURCE, TARGET, tableOf } from './scene';
import { type SegmentRow, SimDatabase } from './sim-database';
import { SimDisk } from './sim-disk';
import { SimGateway } from './sim-gateway';
import type { DatabaseWay } from './sim-ledger';
import { SimStore } from './sim-store';
import { SimWorker } from './sim-worker';
import { VirtualTime } from './virtual-time';

export interface ScheduleResult {
  seed: number;
  problems: string[];
  /** What happened, so that a run in which nothing did is not taken for proof. */
  asked: number;
  acknowledged: number;
  marks: number;
  kills: number;
  /** Fences that changed the authority, and those that were undone. */
  flips: number;
  undone: number;
  virtualMs: number;
}

const LEASE_MS = 1_000;
const HOT_KEYS = ['a', 'b', 'c', 'd'];
/** There from the start, and now and then written too: what a backfill brings must not bring back. */
const QUIET_KEYS = ['m', 'n', 'o', 'p', 'q'];
/** More would leave nobody at work. */
const KILLS_MAX = 12;
/** After the last request, everything must be settled within this. */
const HEAL_MS_MAX = 120_000;
const BUSY_MS_MAX = 60_000;
/** A key marked anywhere is known everywhere, or its reads go to the authority, within this. */
const BEHIND_MS_MAX = 6_000;
const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** Runs one schedule from its seed. Never throws for what the code under test does; that is a problem of its own. */
export async function runSchedule(seed: number, safeguards: SafeguardSet = ALL_SAFEGUARDS): Promise<ScheduleResult> {
  const time = new VirtualTime();
  const restore = time.install();
  const { random } = Math;
  const { stackTraceLimit } = Error;
  // Errors are thrown by the thousand, and nobody reads where.
  Error.stackTraceLimit = 0;
  const rest = new Chance(seed + 0.5);
  Math.random = () => rest.next();
  try {
    return await new Schedule(seed, time, safeguards).run();
  } finally {
    Math.random = random;
    Error.stackTraceLimit = stackTraceLimit;
    restore();
  }
}

class Schedule {
  readonly #chance: Chance;
  readonly #authority: Direction;
  readonly #faults: NetworkFaults;
  /** Nothing fails but what the network does: then reads through another gateway are judged too. */
  readonly #isCalm: boolean;
  readonly #stores: Record<Direction, SimStore>;
  readonly #network: Network;
  readonly #outages = new Map<string, number>();
  readonly #droughts = new Map<string, number>();
  readonly #database: SimDatabase;
  readonly #way: DatabaseWay;
  readonly #disks = new Map<string, SimDisk>();
  #gateways: SimGateway[] = [];
  readonly #workers: SimWorker[] = [];
  readonly #writers = new Set<string>();
  readonly #record: Asked[] = [];
  #running = 0;
  #kills = 0;
  #marks = 0;
  #lives = 0;
  readonly #beginning: Beginning;
  readonly #copying: Copying;
  readonly #beside: Beside;
  readonly #fences: Fences;

  constructor(
    readonly seed: number,
    private readonly time: VirtualTime,
    private readonly safeguards: SafeguardSet,
  ) {
    const chance = new Chance(seed);
    this.#chance = chance;
    this.#authority = chance.is(0.65) ? 'source' : 'target';
    this.#beginning = beginningOf(chance, this.#authority);
    this.#isCalm = chance.is(0.3);
    this.#faults = this.#isCalm ? { ...NO_FAULTS } : faultsOf(chance);
    const nowMs = () => time.nowMs;
    this.#stores = { source: new SimStore('source', nowMs), target: new SimStore('target', nowMs) };
    for (const store of Object.values(this.#stores)) {
      store.leavesOver = () => chance.is(this.#faults.throttled);
      store.staleMs = () => chance.next() * 400;
    }
    this.#network = new Network({
      ...{ time, chance, faults: this.#faults, deltaMs: DELTA_MS, latencyMs: 12, outages: this.#outages },
      droughts: this.#droughts,
      onApplied: (process, operation) => this.#maybeKill(process, operation),
    });
    this.#way = {
      time,
      chance,
      failing: this.#isCalm ? 0 : chance.pick([0, 0, 0.03]),
      slow: chance.pick([0.06, 0.06, 0.3]),
      latencyMs: 4,
      slowMs: chance.pick([240, 240, 700]),
    };
    this.#database = new SimDatabase(nowMs, { table: tableOf(this.#authority), connections: CONNECTIONS });
    this.#copying = new Copying({
      ...{ time, chance, safeguards, database: this.#database, fences: () => this.#fences },
      give: (kind, id) => this.#give(kind, id),
    });
    this.#beside = new Beside({
      ...{ seed, time, database: this.#database, keys: [...HOT_KEYS, ...QUIET_KEYS] },
      follower: () => this.#stores[this.#fences.fence.authority === 'source' ? 'target' : 'source'],
      isBusy: () => this.#running > 0,
    });
    this.#fences = new Fences({
      ...{ seed, time, safeguards, database: this.#database, authority: this.#authority, stores: this.#stores },
      isExpired: (item) => this.#isExpired(item),
      ...{ isPlanned: this.#beginning === 'planned', unfound: this.#beside.unfound },
      isSilent: (identity) => this.#livesOf(identity).every((gateway) => gateway.process.isHeldUp),
      isCopying: () => this.#copying.isUnderWay(),
      isBusy: () => this.#running > 0,
      onRegistered: (identity) => {
        for (const gateway of this.#livesOf(identity)) gateway.told();
      },
      tellGateways: (afterMs) => {
        for (const gateway of this.#gateways) time.after(afterMs(), () => gateway.told());
      },
    });
    this.#database.onNotify = (event, hash) => {
      if (event !== 'marked') return;
      this.#marks += 1;
      for (const gateway of this.#gateways) {
        if (!chance.is(0.05)) time.after(chance.delayMs(5), () => gateway.heard(hash));
      }
    };
    this.#database.onQueue = (id, kind, afterMs) => {
      time.after(afterMs + chance.delayMs(10), () => this.#give(kind, id));
    };
  }

  async run(): Promise<ScheduleResult> {
    this.#seedStores();
    for (let at = 0; at < this.#chance.whole(2, 4); at += 1) this.#startGateway(`gateway-${at}`);
    for (let at = 0; at < this.#chance.whole(1, 4); at += 1) this.#startWorker();
    this.#settleAgain();
    this.#copying.begin(this.#beginning);
    this.#startApplications();
    this.#fences.start();
    this.#beside.start();
    if (!this.#isCalm) this.#disturb();
    const { problems } = this.#fences;
    const isBusy = () => this.#running > 0;
    if (!(await this.time.runUntil(() => !isBusy() && !this.#copying.isUnderWay(), BUSY_MS_MAX))) {
      if (isBusy()) problems.push('an application still waits for an answer that no client would wait for');
    }
    this.#heal();
    const isOver = await this.time.runUntil(() => this.#isAtRest(), HEAL_MS_MAX);
    if (!isOver) problems.push(`it does not come to rest: ${this.#unrest()}`);
    else problems.push(...this.#judge());
    const acknowledged = this.#record.filter((asked) => asked.outcome === 'acknowledged').length;
    return {
      ...{ seed: this.seed, problems, asked: this.#record.length, acknowledged },
      ...{ flips: this.#fences.fence.ended.released, undone: this.#fences.fence.ended.aborted },
      ...{ marks: this.#marks, kills: this.#kills, virtualMs: Math.round(this.time.nowMs) },
    };
  }

  #judge(): string[] {
    const problems = judgeHistory({
      ...{ authority: this.#fences.truth(), follower: this.#fences.follower(), record: this.#record },
      ...{ writers: this.#writers, isExpired: (item) => this.#isExpired(item) },
      except: this.#copying.leftToVerification(this.#stores.source, this.#stores.target),
      behindMsMax: this.#isCalm ? BEHIND_MS_MAX : null,
    });
    const isFaultless = this.#isCalm && !this.#beside.isAny && this.#beginning !== 'planned';
    for (const one of isFaultless ? this.#database.mismatches : []) {
      problems.push(`${one.keyId}: reported as ${one.class}, and nothing had gone wrong`);
    }
    return problems;
  }

  #isExpired(item: object): boolean {
    const nowS = this.time.clock.nowMs() / 1_000;
    return Number((item as { ttl?: { N: string } }).ttl?.N ?? Number.POSITIVE_INFINITY) < nowS - 600;
  }

  #seedStores(): void {
    const items = [...HOT_KEYS.slice(0, 2), ...QUIET_KEYS].map((pk) => ({ pk: { S: pk }, by: { S: 'seed' } }));
    const expired = { pk: { S: 'x' }, ttl: { N: String(Math.floor(this.time.clock.nowMs() / 1_000) - 86_400) } };
    for (const item of items) {
      this.#stores[this.#authority].put(item, 'seed');
      if (this.#beginning === 'copied')
        this.#stores[this.#authority === 'source' ? 'target' : 'source'].put(item, 'seed');
    }
    if (this.#authority === 'source') this.#stores.source.put(expired, 'seed');
  }

  #startGateway(identity: string): void {
    this.#lives += 1;
    const process = new SimProcess(`${identity}.${this.#lives}`, this.time);
    const disk = this.#disks.get(identity) ?? new SimDisk(this.time, this.#chance);
    this.#disks.set(identity, disk);
    this.#writers.add(process.name);
    const gateway = new SimGateway({
      ...{ process, identity, disk, database: this.#database, way: this.#way, log: silent },
      ...{ fence: this.#fences.fence, hasFences: this.#fences.isAny, safeguards: this.safeguards },
      wires: {
        source: this.#network.wire(process, this.#stores.source, SOURCE),
        target: this.#network.wire(process, this.#stores.target, TARGET),
      },
    });
    this.#gateways.push(gateway);
    const begin = (): Promise<void> =>
      gateway.start().catch(async () => {
        // As its supervisor would: a start that the database failed is made again.
        await this.time.rest(200);
        await begin();
      });
    void begin();
  }

  #startWorker(): void {
    this.#lives += 1;
    const { time, safeguards } = this;
    const process = new SimProcess(`worker.${this.#lives}`, time);
    const worker = new SimWorker({
      ...{ process, time, chance: this.#chance, database: this.#database, way: this.#way, safeguards, log: silent },
      hasFences: this.#fences.isAny,
      limits: {
        ...{ leaseMs: LEASE_MS, pageItemsMax: 2, groupItems: 2, sliceMsMax: 400, settleBatchesAtATime: 2 },
        ...{ segmentAttemptsMax: 1_000_000 },
      },
      makeWire: (target: StoreTarget) => {
        const side = target.connectionId as Direction;
        return this.#network.wire(process, this.#stores[side], target);
      },
    });
    this.#workers.push(worker);
    worker.start();
  }

  #startApplications(): void {
    const count = this.#chance.whole(2, 4);
    for (let at = 0; at < count; at += 1) {
      this.#running += 1;
      void runApplication({
        ...{
          name: `app-${at}`,
          time: this.time,
          chance: this.#chance,
          keys: [...HOT_KEYS, ...HOT_KEYS, ...QUIET_KEYS],
          record: this.#record,
        },
        ...{ asks: this.#chance.whole(4, 14), gateways: () => this.#reachable() },
        // Before dual write there is a barrier and Δ to wait for, and writes should last until the copy.
        thinkMs: this.#beginning === 'planned' ? 200 : 60,
        isCopying: () => this.#beside.isAny || this.#copying.isInSight(),
      }).finally(() => {
        this.#running -= 1;
      });
    }
    if (this.#chance.is(0.4)) this.#copying.verifyOnceCopied();
  }

  #livesOf(identity: string): SimGateway[] {
    return this.#gateways.filter((gateway) => gateway.process.name.startsWith(`${identity}.`));
  }

  #reachable(): readonly SimGateway[] {
    const living = this.#gateways.filter((gateway) => !gateway.process.isDead);
    return living.length > 0 ? living : this.#gateways;
  }

  #give(task: 'settle' | SegmentRow['kind'], segmentId: string | null): void {
    const free = this.#workers.filter((worker) => worker.isFree);
    if (free.length > 0) this.#chance.pick(free).run(task, segmentId);
  }

  /** As workers do each second and at each mark: what is due is settled. */
  #settleAgain(): void {
    if (this.#database.hasDueKeys()) this.#give('settle', null);
    this.time.after(40 + this.#chance.delayMs(80), () => this.#settleAgain());
  }

  /** Something every now and then, while applications write. */
  #disturb(): void {
    if (this.#running === 0) return;
    this.time.after(50 + this.#chance.delayMs(500), () => {
      if (this.#running > 0) this.#disturbOnce();
      this.#disturb();
    });
  }

  #disturbOnce(): void {
    const chance = this.#chance;
    const dice = chance.next();
    const gateway = chance.pick(this.#gateways);
    const worker = chance.pick(this.#workers);
    if (dice < 0.2) this.#killGateway(gateway);
    else if (dice < 0.45) this.#killWorker(worker);
    else if (dice < 0.65) worker.process.freeze(LEASE_MS * (0.5 + 2 * chance.next()));
    else if (dice < 0.75) gateway.process.freeze(chance.next() * 600);
    else if (dice < 0.85) chance.pick([gateway, worker]).process.jump((chance.next() - 0.5) * 120_000);
    else {
      const trouble = dice < 0.93 ? this.#outages : this.#droughts;
      trouble.set(chance.is(0.7) ? 'target' : 'source', this.time.nowMs + chance.next() * 1_500);
    }
  }

  /** At every step: the store has carried a request out, and whoever sent it never hears of it. */
  #maybeKill(process: SimProcess, operation: string): void {
    // Between a batch and its confirmation the most is owed.
    const share = operation === 'BatchWriteItem' ? 0.06 : 0.01;
    if (this.#isCalm || this.#kills >= KILLS_MAX || !this.#chance.is(share)) return;
    const worker = this.#workers.find((one) => one.process === process);
    if (worker) this.#killWorker(worker);
    const gateway = this.#gateways.find((one) => one.process === process);
    if (gateway) this.#killGateway(gateway);
  }

  #killGateway(gateway: SimGateway): void {
    if (gateway.process.isDead) return;
    this.#kills += 1;
    gateway.process.kill();
    const identity = gateway.process.name.split('.')[0] as string;
    if (this.#chance.is(0.5)) this.#disks.get(identity)?.losePower();
    this.time.after(100 + this.#chance.next() * 1_500, () => {
      this.#gateways = this.#gateways.filter((one) => one !== gateway);
      this.#startGateway(identity);
    });
  }

  #killWorker(worker: SimWorker): void {
    if (worker.process.isDead) return;
    this.#kills += 1;
    worker.process.kill();
    // Its supervisor records the end; where that machine is gone too, somebody does so later.
    this.time.after(this.#chance.next() * 3_000, () => {
      this.#database.workers.set(worker.context.workerId, 'ended');
    });
    this.time.after(50 + this.#chance.next() * 800, () => this.#startWorker());
  }

  /** The faults end: what is still owed must now be paid without a hand. */
  #heal(): void {
    Object.assign(this.#faults, NO_FAULTS);
    this.#outages.clear();
    this.#droughts.clear();
    this.#way.failing = 0;
  }

  #isAtRest(): boolean {
    if (
      this.#fences.fence.open !== null ||
      this.#copying.isUnderWay() ||
      this.#beside.unfound.size > 0 ||
      this.#database.dirty.size > 0 ||
      this.#network.onTheirWay > 0
    )
      return false;
    return this.#gateways.every((gateway) => !gateway.process.isDead && gateway.open === 0);
  }

  #unrest(): string {
    const open = this.#gateways.map((gateway) => gateway.open).join(',');
    const dirty = [...this.#database.dirty.values()].map((row) => `${row.keyId} ${row.cause}`).join('; ');
    const segments = [...this.#database.segments.values()]
      .map((row) => `${row.id} ${row.state} (${row.pages} pages, token ${row.token})`)
      .join(', ');
    return `open intents ${open}; dirty ${dirty || 'none'}; segments ${segments || 'none'}; on their way ${this.#network.onTheirWay}`;
  }
}
