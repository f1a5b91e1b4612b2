/** Streams in this process: opens them, lists their shards, and reads those whose turn it is, one reader a shard. */
import {
  bookListing,
  type ListedShard,
  loseStream,
  noteEnabled,
  type StreamToRead,
  setStreamFault,
  storePosition,
  streamsToRead,
  type TakenShard,
  takeListing,
  takeShards,
} from '@/db/queries/stream';
import type { Trouble } from '@/lib/adapters/dynamodb/call';
import { describeStream, enableStream, type StreamDescription, streamsTarget } from '@/lib/adapters/dynamodb/streams';
import { describeTable } from '@/lib/adapters/dynamodb/tables';
import type { StoreWire } from '@/lib/adapters/ports';
import type { WorkerContext } from '../context';
import { ShardReader } from './shard-reader';

export class StreamReaders {
  readonly #running = new Map<string, Promise<void>>();

  constructor(private readonly ctx: WorkerContext) {}

  async round(): Promise<void> {
    const { ctx } = this;
    for (const stream of await streamsToRead(ctx.sql)) {
      if (ctx.stopping.aborted) return;
      if (stream.state === 'opening') await this.#open(stream);
      else if (stream.state === 'open') await this.#list(stream);
    }
    if (ctx.stopping.aborted) return;
    const { streamShardsMax, streamLeaseMs: leaseMs } = ctx.limits;
    const shardsMax = streamShardsMax - this.#running.size;
    for (const shard of await takeShards(ctx.sql, { owner: ctx.workerId, leaseMs, shardsMax })) this.#start(shard);
  }

  /** When every reader has ended; they hear of the process's end by themselves. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  #start(shard: TakenShard): void {
    const id = `${shard.planTableId}/${shard.shardId}/${shard.token}`;
    const reading = this.#read(shard)
      .catch((error) =>
        this.ctx.log.warn({ shardId: shard.shardId, error }, 'A shard is read on by whoever takes it next'),
      )
      .finally(() => this.#running.delete(id));
    this.#running.set(id, reading);
  }

  async #read(shard: TakenShard): Promise<void> {
    await this.#with(shard.sourceConnectionId, async (wire) => {
      const end = await new ShardReader(this.ctx, shard, wire).run();
      if (typeof end === 'object') await this.#lose(shard.planTableId, end.lost);
    });
  }

  async #lose(planTableId: string, why: string): Promise<void> {
    const sentence = `${why} Seed the table again: abandon it, resume it, and begin dual write anew.`;
    if (!(await loseStream(this.ctx.sql, planTableId, sentence))) return;
    this.ctx.log.error({ planTableId }, why);
    await this.ctx.services.streamLost(planTableId, sentence);
  }

  /** Runs with a wire to the stream's own host where it has one. */
  async #with(connectionId: string, run: (wire: StoreWire) => Promise<void>): Promise<void> {
    const store = await this.ctx.stores.get(connectionId);
    const wire = this.ctx.makeWire(streamsTarget(store.wire.target));
    try {
      await run(wire);
    } finally {
      await wire.close();
    }
  }

  /** A stream that is there is used whatever its view; where there is none one is turned on, keys only, and stays. */
  async #open(stream: StreamToRead): Promise<void> {
    const { ctx } = this;
    const { planTableId, tableName } = stream;
    const store = await ctx.stores.get(stream.sourceConnectionId);
    const options = { timeoutMs: ctx.limits.streamTimeoutMs };
    const described = await describeTable(store.wire, tableName, options);
    if (described.kind !== 'ok') return await this.#fault(planTableId, 'DescribeTable', described);
    const { stream: found } = described.value;
    if (!found?.isEnabled || found.arn === null) {
      const enabled = await enableStream(store.wire, tableName, options);
      if (enabled.kind !== 'ok') return await this.#fault(planTableId, 'UpdateTable', enabled);
      await noteEnabled(ctx.sql, planTableId);
      return;
    }
    const { arn } = found;
    await this.#with(stream.sourceConnectionId, async (wire) => {
      const answer = await describeStream(wire, arn, options);
      if (answer.kind !== 'ok') return await this.#fault(planTableId, 'DescribeStream', answer);
      if (answer.value.status !== 'ENABLED') return;
      const { view } = answer.value;
      await storePosition(ctx.sql, { planTableId, arn, view, shards: listed(answer.value) });
    });
  }

  async #list(stream: StreamToRead): Promise<void> {
    const { ctx } = this;
    const { planTableId, arn } = stream;
    const isOurs = await takeListing(ctx.sql, { planTableId, everyMs: ctx.limits.streamListMs });
    if (!isOurs || arn === null) return;
    await this.#with(stream.sourceConnectionId, async (wire) => {
      const answer = await describeStream(wire, arn, { timeoutMs: ctx.limits.streamTimeoutMs });
      if (answer.kind !== 'ok') {
        if (answer.kind === 'refused' && answer.errorType === 'ResourceNotFoundException')
          return await this.#lose(planTableId, 'The stream is gone.');
        return await this.#fault(planTableId, 'DescribeStream', answer);
      }
      if (answer.value.status.startsWith('DISABL'))
        return await this.#lose(planTableId, 'The stream was turned off, so later writes left no record.');
      await bookListing(ctx.sql, { planTableId, shards: listed(answer.value) });
    });
  }

  async #fault(planTableId: string, operation: string, trouble: Trouble): Promise<void> {
    const why = trouble.kind === 'refused' ? trouble.errorType : `no answer (${trouble.cause})`;
    await setStreamFault(this.ctx.sql, planTableId, `${operation} failed: ${why}. It is tried again.`);
  }
}

const listed = ({ shards }: StreamDescription): ListedShard[] =>
  shards.map(({ id, parentId, endingSequence }) => ({ id, parentId, isClosed: endingSequence !== null }));
