/** Every bound of a gateway, with its unit. Those of a table (waits, holds, time-outs) travel in its routing. */
export const LIMITS = {
  /** DynamoDB's own cap on a request. */
  bodyBytesMax: 16 * 1024 * 1024,
  headersBytesMax: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  /** Longer than the idle time of common balancers, so that they and not we close first. */
  keepAliveMs: 65_000,
  connectionsMax: 10_000,
  /** Requests at once; one more is asked to come again. */
  requestsInFlightMax: 8_192,
  /** One request to a store where no plan says anything. */
  passThroughTimeoutMs: 30_000,
  /** A wire whose credential was replaced is closed after this. */
  retiredWireMs: 60_000,
  /** Requests that wait for one key's lane. */
  laneQueueMax: 2_000,
  confirmBatchKeysMax: 100,
  confirmBatchesInFlightMax: 8,
  followerBatchEntriesMax: 25,
  followerBatchBytesMax: 3_500_000,
  transactFollowerItemsMax: 25,
  /** Keys with an open intent, and bytes of the log before it is written anew. */
  intentKeysMax: 200_000,
  intentLogBytesMax: 256 * 1024 * 1024,
  intentCompactBytes: 8 * 1024 * 1024,
  marksPerFlushMax: 200,
  markRetryMsMax: 2_000,
  /** Rows of dirty keys held in memory for one table; more send the whole table's reads to the authority. */
  dirtyRowsPerTableMax: 20_000,
  tokensMax: 50_000,
  tokenLifeMs: 600_000,
  /** Control loop. */
  reportEveryMs: 1_000,
  feedEveryMs: 1_000,
  pollEveryMs: 5_000,
  /** While a table is held, applications wait for one word; it is asked for, not only listened for. */
  heldPollEveryMs: 250,
  materialEveryMs: 5_000,
  /** A start with a stored open snapshot asks Postgres this long before it serves from the snapshot. */
  startAskMsMax: 3_000,
  closeWaitMsMax: 20_000,
  trafficSamplesWaitingMax: 2_000,
} as const;
