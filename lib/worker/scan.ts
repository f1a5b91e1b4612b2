import type { WorkTable } from '@/db/queries/run';
import type { ScanRequest } from '@/lib/adapters/dynamodb/items';
import { keyPlacesOf } from '@/lib/adapters/dynamodb/slices/item-key';
import { type SlicedPage, scanSlices } from '@/lib/adapters/dynamodb/slices/scan-slices';
import type { WireItem } from '@/lib/domain/item/item';
import { fullJitterMs, WORKER_BACKOFF } from '@/lib/domain/pacing/backoff';
import type { WorkerContext } from './context';
import { PAGE_ITEMS_MIN, REQUEST_ATTEMPTS_MAX } from './limits';
import type { Pace } from './pace';
import type { SegmentWork } from './segment-work';
import { faultOf } from './store-fault';
import type { Store } from './stores';

/** Of the largest page: by so much pages grow again after one that timed out, so that a slow store is asked gently. */
const GROWTH_SHARE = 1 / 40;

/**
 * Pages of one segment, consistent (PROTOCOL C2). A scan that times out is asked for half as much next time. `paces` are
 * those of both sides: what is read must also be written or compared.
 */
export class Scanner {
  #itemsMax: number;

  constructor(
    private readonly ctx: WorkerContext,
    private readonly work: SegmentWork,
    private readonly of: { store: Store; table: string; keysOnly?: boolean; paces: readonly Pace[] },
  ) {
    this.#itemsMax = ctx.limits.pageItemsMax;
  }

  /** The page after `cursor`, or null when the work must stop; `work.fault` says why where something is wrong. */
  async next(cursor: WireItem | null): Promise<SlicedPage | null> {
    const { work, ctx } = this;
    const { store } = this.of;
    for (let attempt = 1; attempt <= REQUEST_ATTEMPTS_MAX; attempt += 1) {
      const limit = this.#limit();
      if (!(await work.turnOfRun(limit))) return null;
      const cost = { requests: 1, items: limit };
      const { priority, timeoutMs } = work;
      const endTurn = await store.pace.turn({ cost, priority, timeoutMs, mayGoOn: () => work.mayGoOn() });
      if (!endTurn) return null;
      const answer = await this.#scan(cursor, limit).finally(endTurn);
      if (answer.kind === 'ok') {
        store.pace.charge(answer.value.consumedUnits);
        // A store ends a page at a megabyte, however many items were asked for.
        const unused = limit - answer.value.items.length;
        store.pace.giveBack(unused);
        work.giveBackToRun(unused);
        const growth = Math.ceil(ctx.limits.pageItemsMax * GROWTH_SHARE);
        this.#itemsMax = Math.min(ctx.limits.pageItemsMax, this.#itemsMax + growth);
        return answer.value;
      }
      work.fault ??= faultOf(answer, 'Scan');
      if (work.fault) return null;
      if (answer.kind === 'refused') store.pace.throttled(answer.retryAfterMs);
      else this.#itemsMax = Math.max(PAGE_ITEMS_MIN, Math.floor(this.#itemsMax / 2));
      const pauseMs = Math.min(1_000, fullJitterMs(attempt, WORKER_BACKOFF, ctx.random()));
      await new Promise<void>((done) => setTimeout(done, pauseMs));
    }
    work.fault ??= { sentence: `${store.pace.name} answered none of ${REQUEST_ATTEMPTS_MAX} scans.`, isLasting: false };
    return null;
  }

  /** Not more at a time than either side may take in a second, so that a slow run moves smoothly and pauses at once. */
  #limit(): number {
    let perSecond = this.work.itemsPerSecond();
    for (const { limits } of this.of.paces) perSecond = Math.min(perSecond, Math.ceil(limits.itemsPerSecond));
    return Math.min(this.#itemsMax, Math.max(PAGE_ITEMS_MIN, perSecond));
  }

  #scan(cursor: WireItem | null, limit: number) {
    const { segment, table } = this.work;
    const request = {
      table: this.of.table,
      segment: segment.segmentsTotal > 1 ? segment.number : undefined,
      totalSegments: segment.segmentsTotal > 1 ? segment.segmentsTotal : undefined,
      cursor,
      limit,
      projection: this.of.keysOnly ? keysOf(table) : undefined,
      places: keyPlacesOf(table.schema, table.ttlAttribute),
    };
    const isConsistent = this.ctx.safeguards.consistentScan;
    return scanSlices(this.of.store.wire, request, { isConsistent, timeoutMs: this.work.timeoutMs });
  }
}

/** Keys, and the TTL attribute where there is one: enough to look for items that the other side lacks. */
export function keysOf({ schema, ttlAttribute }: WorkTable): ScanRequest['projection'] {
  const names = [
    schema.partition.name,
    ...(schema.sort ? [schema.sort.name] : []),
    ...(ttlAttribute ? [ttlAttribute] : []),
  ];
  const distinct = [...new Set(names)];
  return {
    expression: distinct.map((_, at) => `#k${at}`).join(', '),
    names: Object.fromEntries(distinct.map((name, at) => [`#k${at}`, name])),
  };
}
