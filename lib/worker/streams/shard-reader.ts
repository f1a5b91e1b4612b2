/**
 * One shard read under its lease (DESIGN section 5). Pages are read on while older ones are still being looked at, a
 * bounded number at a time; the checkpoint follows in order, and only once every key that a page marked was settled. So
 * a reader that dies costs its pages and never a record, and the age of what the checkpoint has not reached is the true
 * lag. An expired iterator is made anew after the last record read; records that were trimmed before they were read are
 * a loss that nothing here can mend, and are said as such.
 */

import { loadWorkTable } from '@/db/queries/run';
import {
  askForListing,
  checkpointShard,
  countStream,
  isUnsettled,
  recordCanarySeen,
  releaseShard,
  setStreamFault,
  streamCycle,
  type TakenShard,
} from '@/db/queries/stream';
import type { Trouble } from '@/lib/adapters/dynamodb/call';
import { getRecords, getShardIterator, type RecordPage, type StreamChange } from '@/lib/adapters/dynamodb/streams';
import type { StoreWire } from '@/lib/adapters/ports';
import type { KeySchema } from '@/lib/domain/item/item';
import { fullJitterMs, WORKER_BACKOFF } from '@/lib/domain/pacing/backoff';
import { STREAM_HORIZON_MS } from '@/lib/domain/plan/stream-gates';
import { isCanaryKey } from '@/lib/domain/routing/canary';
import type { WorkerContext } from '../context';
import { type Looked, lookAtChanges } from './look';

/** Pages in hand at a time: being looked at, or waiting for their settle. */
const PAGES_MAX = 16;
/** Empty pages one after the other that say "nothing more now": the service may need several to reach what is there. */
const EMPTY_PAGES = 3;
/** After this long a shard is given back, so that workers share shards anew and new credentials are used. */
const SLICE_MS_MAX = 300_000;

export type ShardEnd = 'finished' | 'given_back' | 'lease_lost' | { lost: string };

interface InHand {
  page: Promise<Looked | null>;
  looked: Looked | null | undefined;
  lastSequence: string;
  throughMs: number | null;
  records: number;
  counted: boolean;
}

export class ShardReader {
  readonly #pages: InHand[] = [];
  #iterator: string | null = null;
  #lastRead: string | null;
  #emptyPages = 0;
  #emptySinceMs: number | null = null;
  #renewedAtMs: number;
  #troubles = 0;
  #isOver = false;
  readonly #endsAtMs: number;

  constructor(
    private readonly ctx: WorkerContext,
    private readonly shard: TakenShard,
    private readonly wire: StoreWire,
  ) {
    this.#lastRead = shard.checkpoint;
    this.#renewedAtMs = ctx.clock.monotonicMs();
    this.#endsAtMs = this.#renewedAtMs + SLICE_MS_MAX;
  }

  async run(): Promise<ShardEnd> {
    const { shard } = this;
    if (shard.ageMs > STREAM_HORIZON_MS)
      return { lost: `Shard ${shard.shardId} was last read more than 24 hours ago, so records of it are gone.` };
    try {
      const end = await this.#read();
      if (end === 'given_back') await releaseShard(this.ctx.sql, shard);
      return end;
    } finally {
      this.#isOver = true;
      await Promise.allSettled(this.#pages.map((one) => one.page));
    }
  }

  #mayGoOn = (): boolean =>
    !this.#isOver && !this.ctx.stopping.aborted && this.ctx.clock.monotonicMs() < this.#endsAtMs;

  async #read(): Promise<ShardEnd> {
    let isDrained = false;
    for (;;) {
      const moved = await this.#advance(isDrained);
      if (moved === 'lease_lost' || moved === 'finished') return moved;
      if (moved === 'again' || !this.#mayGoOn()) return 'given_back';
      if (isDrained || this.#pages.length >= PAGES_MAX) {
        await this.#pause(this.ctx.limits.streamPollMs / 4);
        continue;
      }
      const page = await this.#page();
      if (page === 'ended') return 'given_back';
      if (page === null) continue;
      if ('lost' in page) return page;
      isDrained = page.next === null;
      if (page.changes.length === 0 && !isDrained) await this.#pause(this.#idleMs());
    }
  }

  /** Right after a page of records the next one may be there; a shard at rest is asked once a poll. */
  #idleMs = (): number =>
    this.#emptyPages < EMPTY_PAGES ? this.ctx.limits.streamPollMs / 10 : this.ctx.limits.streamPollMs;

  async #page(): Promise<RecordPage | { lost: string } | 'ended' | null> {
    const { ctx, shard, wire } = this;
    const table = await loadWorkTable(ctx.sql, shard.planTableId);
    const cycle = await streamCycle(ctx.sql, shard.planTableId);
    if (table === null || cycle === null) return 'ended';
    const options = { timeoutMs: Math.max(table.storeTimeoutMs, ctx.limits.streamTimeoutMs) };
    if (this.#iterator === null) {
      const position =
        this.#lastRead === null
          ? ({ type: 'TRIM_HORIZON' } as const)
          : ({ type: 'AFTER_SEQUENCE_NUMBER', sequence: this.#lastRead } as const);
      const answer = await getShardIterator(wire, { arn: shard.arn, shardId: shard.shardId, position }, options);
      if (answer.kind !== 'ok') return await this.#trouble(answer);
      this.#iterator = answer.value;
    }
    const sentAtMs = ctx.clock.nowMs();
    const answer = await getRecords(wire, this.#iterator, options);
    if (answer.kind !== 'ok') return await this.#trouble(answer);
    if (this.#troubles > 0) await setStreamFault(ctx.sql, shard.planTableId, null);
    this.#troubles = 0;
    this.#iterator = answer.value.next;
    await this.#take(answer.value, { schema: table.schema, cycle, sentAtMs });
    return answer.value;
  }

  async #take(
    page: RecordPage,
    of: { schema: KeySchema; cycle: NonNullable<Awaited<ReturnType<typeof streamCycle>>>; sentAtMs: number },
  ): Promise<void> {
    const { ctx, shard } = this;
    const { changes } = page;
    const last = changes.at(-1);
    if (last === undefined) {
      this.#emptyPages += 1;
      if (this.#emptyPages >= EMPTY_PAGES) this.#emptySinceMs = of.sentAtMs;
      return;
    }
    this.#emptyPages = 0;
    this.#emptySinceMs = null;
    this.#lastRead = last.sequence;
    const { dualWriteSinceMs, isCanarySeen, positionMs } = of.cycle;
    if (!isCanarySeen && changes.some((change) => isCanary(change, of.schema, dualWriteSinceMs)))
      await recordCanarySeen(ctx.sql, shard.planTableId);
    const ask = { planTableId: shard.planTableId, changes, dualWriteSinceMs, positionMs, mayGoOn: this.#mayGoOn };
    const inHand: InHand = {
      page: lookAtChanges(ctx, ask).catch((error) => {
        ctx.log.warn({ shardId: shard.shardId, error }, 'A page of stream records is read again');
        return null;
      }),
      looked: undefined,
      lastSequence: last.sequence,
      throughMs: last.createdAtMs,
      records: changes.length,
      counted: false,
    };
    void inHand.page.then((looked) => {
      inHand.looked = looked;
    });
    this.#pages.push(inHand);
  }

  /** Moves the checkpoint over the pages whose keys were settled, oldest first, and keeps the lease. */
  async #advance(isDrained: boolean): Promise<'on' | 'again' | 'lease_lost' | 'finished'> {
    const { ctx, shard } = this;
    const { planTableId } = shard;
    let checkpoint: string | null = null;
    let throughMs: number | null = null;
    let records = 0;
    for (let first = this.#pages[0]; first?.looked !== undefined; first = this.#pages[0]) {
      const { looked } = first;
      if (looked === null) return 'again';
      if (!first.counted) {
        const { beside, expiries, keyIds } = looked;
        first.counted = true;
        await countStream(ctx.sql, planTableId, {
          records: first.records,
          keysMarked: keyIds.length,
          expiries,
          beside,
        });
      }
      const { keyIds, generation } = looked;
      if (ctx.safeguards.checkpointAfterSettle && keyIds.length > 0) {
        if (await isUnsettled(ctx.sql, { planTableId, keyIds, generation })) break;
      }
      checkpoint = first.lastSequence;
      throughMs = first.throughMs;
      records += first.records;
      this.#pages.shift();
    }
    if (this.#pages.length === 0 && this.#emptySinceMs !== null) throughMs = this.#emptySinceMs;
    const isFinished = isDrained && this.#pages.length === 0;
    const isDue = ctx.clock.monotonicMs() - this.#renewedAtMs >= ctx.limits.streamLeaseMs / 6;
    if (checkpoint === null && !isFinished && !isDue) return 'on';
    const sentAtMs = ctx.clock.monotonicMs();
    const { streamLeaseMs: leaseMs } = ctx.limits;
    const isKept = await checkpointShard(ctx.sql, shard, { leaseMs, checkpoint, throughMs, records, isFinished });
    if (!isKept) return 'lease_lost';
    this.#renewedAtMs = sentAtMs;
    if (!isFinished) return 'on';
    await askForListing(ctx.sql, planTableId);
    return 'finished';
  }

  async #trouble(trouble: Trouble): Promise<{ lost: string } | null> {
    const { ctx, shard } = this;
    this.#troubles += 1;
    this.#emptySinceMs = null;
    if (trouble.kind === 'refused') {
      const { errorType } = trouble;
      if (errorType === 'TrimmedDataAccessException')
        return { lost: `Records of shard ${shard.shardId} were trimmed before they were read.` };
      if (errorType === 'ResourceNotFoundException')
        return { lost: `Shard ${shard.shardId} is gone before it was read to its end.` };
      if (errorType === 'ExpiredIteratorException') {
        this.#iterator = null;
        return null;
      }
      if (!trouble.isThrottle) {
        this.#iterator = null;
        await setStreamFault(ctx.sql, shard.planTableId, `The stream refuses to be read: ${errorType}.`);
      } else if (errorType === 'LimitExceededException') {
        // Two readers a shard are the service's limit; Landfall never has more than one.
        await setStreamFault(
          ctx.sql,
          shard.planTableId,
          'The shard has two other readers already, as many as it takes.',
        );
      }
    }
    await this.#pause(fullJitterMs(Math.min(this.#troubles, 10), WORKER_BACKOFF, ctx.random()));
    return null;
  }

  /** In steps, so that the end of the process is heard. */
  async #pause(ms: number): Promise<void> {
    const endsAtMs = this.ctx.clock.monotonicMs() + ms;
    while (this.#mayGoOn()) {
      const leftMs = endsAtMs - this.ctx.clock.monotonicMs();
      if (leftMs <= 0) return;
      await new Promise<void>((done) => setTimeout(done, Math.min(100, leftMs)));
    }
  }
}

/** A canary of a gateway, written since every gateway writes to both stores. */
const isCanary = (change: StreamChange, schema: KeySchema, dualWriteSinceMs: number | null): boolean =>
  dualWriteSinceMs !== null &&
  (change.createdAtMs ?? 0) >= Math.floor(dualWriteSinceMs / 1_000) * 1_000 &&
  isCanaryKey(schema, change.keys);
