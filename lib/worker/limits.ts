/** Named limits of a worker. Tests pass shorter ones; production uses these. */
export interface WorkerLimits {
  /** Segments of one process at a time. */
  jobsMax: number;
  /** Settles, fences and rechecks at a time, beside the segments. */
  urgentJobsMax: number;
  /** A lease of a segment or a claim of a key, at least (see `leaseMsFor`); renewed at a quarter of it, or sooner. */
  leaseMs: number;
  /**
   * Pages of a scan before a segment lets the others of its run have their turn, where some wait: segments are ranges of
   * the table's hash, and staying in one of them would ask the same partitions of the store all the time.
   */
  turnPages: number;
  /** After this long a task gives its work back and queues it again, so pauses, priorities and deploys are quick. */
  sliceMsMax: number;
  heartbeatMs: number;
  observeMs: number;
  barriersMs: number;
  /** Between two looks for open fences; shorter than the shortest hold, so that each is seen before its bound. */
  reaperMs: number;
  /** How often limits of connections, live workers and fences are read again. */
  controlMs: number;
  /** Items of a page, at most; DynamoDB ends one at a megabyte. Halved when a scan times out. */
  pageItemsMax: number;
  /**
   * Keys written and confirmed together, and how many such groups of a page run at a time while all jobs of the process
   * are busy. A segment that is alone has the lanes of the others too.
   */
  groupItems: number;
  groupsAtATime: number;
  settleKeysMax: number;
  settleRoundsMax: number;
  settleBatchesAtATime: number;
  /** A file of an export is worked on for this long, because going on costs fetching and unpacking it again. */
  exportSliceMsMax: number;
  /** Between two looks at an export that DynamoDB is making. */
  exportPollMs: number;
  /** Shards that one process reads at a time. */
  streamShardsMax: number;
  /** Lease of a shard, renewed at a sixth of it. */
  streamLeaseMs: number;
  /** Between two looks at a shard that has nothing new. */
  streamPollMs: number;
  /** Between two listings of a stream's shards, unless one ends sooner; the service allows ten calls a second. */
  streamListMs: number;
  /** One request to the Streams service. */
  streamTimeoutMs: number;
  /** Attempts of a segment that ended in an error before it counts as failed. */
  segmentAttemptsMax: number;
}

export const WORKER_LIMITS: WorkerLimits = Object.freeze({
  jobsMax: 6,
  urgentJobsMax: 4,
  leaseMs: 6_000,
  turnPages: 4,
  sliceMsMax: 15_000,
  heartbeatMs: 1_000,
  observeMs: 2_000,
  barriersMs: 500,
  reaperMs: 400,
  controlMs: 1_000,
  pageItemsMax: 4_000,
  groupItems: 100,
  groupsAtATime: 3,
  settleKeysMax: 100,
  settleRoundsMax: 5,
  settleBatchesAtATime: 4,
  exportSliceMsMax: 300_000,
  exportPollMs: 10_000,
  streamShardsMax: 128,
  streamLeaseMs: 15_000,
  streamPollMs: 1_000,
  streamListMs: 15_000,
  streamTimeoutMs: 5_000,
  segmentAttemptsMax: 10,
});

/** Of a lease beyond two time-outs of the store. */
const LEASE_MARGIN_MS = 500;

/**
 * The lease that fits a plan's store time-out, ms. A holder begins no write within one time-out of its lease's end, so a
 * lease not much longer than that would let it write for a moment after each renewal and give its page up in between.
 */
export const leaseMsFor = (limits: Pick<WorkerLimits, 'leaseMs'>, storeTimeoutMs: number): number =>
  Math.max(limits.leaseMs, 2 * storeTimeoutMs + LEASE_MARGIN_MS);

/** Repetitions of one request before a page gives up and its segment is tried again later. */
export const REQUEST_ATTEMPTS_MAX = 8;
/** Smallest page of a scan after time-outs. */
export const PAGE_ITEMS_MIN = 25;
/** Longest wait for a turn under the rate before a task looks again whether it should go on. */
export const TURN_MS_MAX = 250;
