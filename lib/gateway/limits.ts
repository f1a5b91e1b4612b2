/** Every bound of a gateway, with its unit. Those of a table (waits, holds, time-outs) travel in its routing. */
export const LIMITS = {
  /** DynamoDB's own cap on a request. */
  bodyBytesMax: 16 * 1024 * 1024,
  headersBytesMax: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  /** How often connections are held to their deadlines. */
  sweepEveryMs: 1_000,
  /** Longer than the idle time of common balancers, so that they and not we close first. */
  keepAliveMs: 65_000,
  connectionsMax: 10_000,
  /** Requests at once, and the bytes of them and of answers not yet taken: reads are refused at 75 %, writes at 100 %. */
  requestsInFlightMax: 2_048,
  liveBytesMax: 128 * 1024 * 1024,
  /** Requests that wait for a hold to end. */
  heldRequestsMax: 8_192,
  /** Images on their way to the follower; past it keys are marked at once and settled later. */
  mirrorImagesMax: 2_048,
  mirrorBytesMax: 48 * 1024 * 1024,
  shadowReadsMax: 64,
  shadowBytesMax: 16 * 1024 * 1024,
  /** Sustained delay of the event loop at which nothing more is taken on. */
  loopDelayMsMax: 1_000,
  /** Failures in a row after which a store is asked only by probes, and the wait before each, doubled up to the most. */
  breakerFailuresMax: 5,
  breakerWaitMsMin: 500,
  breakerWaitMsMax: 15_000,
  /** Successes in a row of probes that close a breaker. */
  breakerProbesToClose: 2,
  breakerProbeMsMax: 5_000,
  /** Requests at once to an authority whose breaker is open; one more is answered at once. */
  openAuthorityInFlightMax: 16,
  /** Requests to one store at once, waiting for a connection included; falls while they time out. */
  storeInFlightMax: 512,
  storeInFlightMin: 16,
  /** A 429 without Retry-After, and the longest Retry-After that is believed. */
  throttlePauseMs: 250,
  retryAfterMsMax: 300_000,
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
  /** Marks that wait for Postgres; past it those of tables that owe a verification anyway are dropped. */
  marksWaitingMax: 100_000,
  /** Rows of dirty keys held in memory for one table; more send the whole table's reads to the authority. */
  dirtyRowsPerTableMax: 20_000,
  tokensMax: 50_000,
  tokenLifeMs: 600_000,
  /** Tokens in one sealed page of a fence, the largest answer that goes with one, and holds that are remembered. */
  tokensPerPage: 2_000,
  tokenAnswerBytesMax: 1_024,
  tokenHoldsMax: 1_000,
  /** Shadow reads that one gateway begins in a second, over all tables; more are dropped and counted as dropped. */
  shadowPerSecondMax: 200,
  /** Suspects that wait for their recheck, rechecks at once, and looks at a key that is written at each of them. */
  shadowSuspectsMax: 1_000,
  shadowRechecksInFlightMax: 4,
  shadowLooksMax: 3,
  /** A key that stays different is counted once in this time, of so many keys. */
  shadowCountAgainMs: 600_000,
  shadowCountedMax: 10_000,
  /** Samples on their way to Postgres. */
  shadowSamplesWaitingMax: 500,
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
