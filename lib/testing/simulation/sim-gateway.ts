/** A gateway of the simulation: the real pipeline, intents, marks and feed over disk, database and stores in memory. */
import type { Mark } from '@/db/queries/gateway/dirty';
import type { Log, StoreWire } from '@/lib/adapters/ports';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import { Loop } from '@/lib/gateway/control/loop';
import { DirtyFeed } from '@/lib/gateway/dirty/feed';
import { Marks } from '@/lib/gateway/dirty/marks';
import { Intents } from '@/lib/gateway/intents/intents';
import { LIMITS } from '@/lib/gateway/limits';
import { type GatewayAnswer, jsonAnswer } from '@/lib/gateway/pipeline/answer';
import { createPipeline } from '@/lib/gateway/pipeline/create';
import type { Pipeline } from '@/lib/gateway/pipeline/pipeline';
import type { Store, Stores } from '@/lib/gateway/pipeline/stores';
import { Views } from '@/lib/gateway/pipeline/views';
import type { SimProcess } from './process';
import type { SimDatabase } from './sim-database';
import type { SimDisk } from './sim-disk';
import type { GatewayRow, SimFence } from './sim-fence';
import { type DatabaseWay, reach } from './sim-ledger';

export interface GatewayParts {
  process: SimProcess;
  disk: SimDisk;
  database: SimDatabase;
  way: DatabaseWay;
  identity: string;
  /** Whose routing it obeys. */
  fence: SimFence;
  /** Whether routing changes in this schedule at all; where it does not nobody asks for it again. */
  hasFences: boolean;
  wires: { source: StoreWire; target: StoreWire };
  safeguards: SafeguardSet;
  log: Log;
}

export class SimGateway {
  readonly #parts: GatewayParts;
  #pipeline: Pipeline | null = null;
  #intents: Intents | null = null;
  #feed: DirtyFeed | null = null;
  #look: () => void = () => {};
  #acknowledged = 0;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  get process(): SimProcess {
    return this.#parts.process;
  }

  /** Open intents; a gateway that has not started counts as one that has some. */
  get open(): number {
    return this.#intents?.size ?? 1;
  }

  /** The order of a real start: intents, what an earlier life left is marked, then it serves. */
  async start(): Promise<void> {
    const { process, disk, database, way, fence, safeguards, log, identity } = this.#parts;
    const views = new Views();
    // Registered before the epoch is read: whoever publishes later waits for this gateway (PROTOCOL E1).
    await reach(way, process, () => fence.register(identity));
    views.take(await reach(way, process, () => fence.routing));
    const intents = await Intents.open({
      ...{ folder: 'state', keysMax: 10_000, compactBytes: 2_000, bytesMax: 1_000_000 },
      ...{ clock: process.clock, log, safeguards, disk: disk.of(process) },
      onFatal: () => process.kill(),
    });
    const feed = new DirtyFeed(process.clock, safeguards);
    const marks = new Marks({
      ...{ intents, feed, views, log, safeguards },
      commit: (rows) => reach(way, process, () => commit(database, rows)),
    });
    await this.#read(feed);
    for (const key of intents.left.splice(0)) {
      marks.mark(key, 'restart', true);
      intents.end(key);
    }
    marks.start();
    new Loop({ name: 'feed', everyMs: LIMITS.feedEveryMs, log, run: () => this.#read(feed) });
    if (this.#parts.hasFences) this.#obey({ views, intents });
    new Loop({ name: 'intents', everyMs: LIMITS.reportEveryMs, log, run: () => intents.flushIdle() });
    this.#intents = intents;
    this.#feed = feed;
    this.#pipeline = createPipeline({
      ...{ views, stores: this.#stores(), clock: process.clock, log, safeguards, intents },
      ...{ marker: marks, dirty: feed },
    });
  }

  /** New routing is taken, and said once everything begun under the older one has ended, by the code of a real one. */
  #obey({ views, intents }: { views: Views; intents: Intents }): void {
    const { process, way, fence, safeguards, identity } = this.#parts;
    const { time } = way;
    let own: GatewayRow = { epoch: 0, quietEpoch: 0 };
    const say = async () => {
      const now = views.current?.snapshot;
      if (now === undefined) return;
      if (!safeguards.drainBeforeAck || views.isDrained()) this.#acknowledged = now.epoch;
      const isHeld = now.tables[0]?.writes === 'held';
      const isQuiet = isHeld && views.inFlightOf(TABLE_ID) === 0 && intents.openOf(TABLE_ID) === 0;
      own = { epoch: this.#acknowledged, quietEpoch: isQuiet ? now.epoch : 0 };
      // A real gateway repeats itself each time; here only where its row has not got it, or has lost it.
      if (!fence.hasHeard(identity, own)) await reach(way, process, () => fence.report(identity, own));
    };
    const look = async () => {
      if (fence.routing.epoch !== views.current?.snapshot.epoch) {
        views.take(await reach(way, process, () => fence.routing));
      }
      await say();
    };
    const turn = async () => {
      for (;;) {
        const told = new Promise<void>((done) => {
          this.#look = done;
        });
        const isDone = await look().then(
          () => true,
          () => false,
        );
        // With no fence open, and all said, nothing is to be looked at until an epoch is told.
        const isSaid = this.#acknowledged === fence.routing.epoch && fence.hasHeard(identity, own);
        const isIdle = isDone && fence.open === null && isSaid;
        await (isIdle ? told : Promise.race([told, time.rest(ROUTING_MS)]));
        if (process.isHeldUp) await process.alive();
      }
    };
    void turn();
  }

  /** An epoch was published, or its row was set back. */
  told(): void {
    if (!this.process.isDead) this.#look();
  }

  /** A notification; one that was sent before the gateway was there, or when it is dead, is not heard. */
  heard(hash: string): void {
    if (!this.process.isDead) this.#feed?.heard(TABLE_ID, hash);
  }

  /** One request of an application; without an answer where the gateway dies under it. */
  async handle(operation: string, input: object): Promise<GatewayAnswer> {
    if (this.process.isHeldUp) await this.process.alive();
    if (this.#pipeline === null) return jsonAnswer({ __type: 'ServiceUnavailableException' }, 503);
    const body = Buffer.from(JSON.stringify(input));
    const answer = await this.#pipeline.handle({ operation, target: `DynamoDB_20120810.${operation}`, body });
    if (this.process.isHeldUp) await this.process.alive();
    return answer;
  }

  async #read(feed: DirtyFeed): Promise<void> {
    const { process, database, way } = this.#parts;
    const startedAtMs = process.clock.monotonicMs();
    const rows = await reach(way, process, () => [{ planTableId: TABLE_ID, keyIds: [...database.dirty.keys()] }]);
    feed.take(startedAtMs, rows, LIMITS.dirtyRowsPerTableMax);
  }

  #stores(): Stores {
    const { source, target } = this.#parts.wires;
    const of = (wire: StoreWire): Store => ({ wire, kind: wire.target.kind, tableName: null });
    const sides = { source: of(source), target: of(target) };
    return { source: () => sides.source, side: (_, side) => sides[side] };
  }
}

export const TABLE_ID = 'tbl_orders';
/** Between two looks at the routing while a fence is open, and until a publication is seen that nobody told of. */
export const ROUTING_MS = 60;

function commit(database: SimDatabase, marks: readonly Mark[]): void {
  for (const { keyId, cause, unknownForMs } of marks) database.markKeys({ keyIds: [keyId], cause, unknownForMs });
}
