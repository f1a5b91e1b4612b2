/** Every bound of flags, with its unit. */
export const FLAG_LIMITS = {
  /** A context is a key and a few attributes. */
  bodyBytesMax: 64 * 1024,
  /** Tables of all plans; a bulk answer has three flags each. */
  tablesMax: 2_000,
  dirtyRowsPerTableMax: 20_000,
  /** What was read from Postgres counts as new for so long, and at once not when routing or marks changed. */
  freshMs: 1_000,
  /** A provider that names another state than ours makes us read again, at most so often. */
  rereadMs: 20,
  /** An evaluation waits this long for a reading under way, then answers from the last one and says that it is stale. */
  readWaitMsMax: 250,
  /** Before the first reading there is nothing to answer from. */
  firstReadWaitMsMax: 2_000,
  /** Evaluations of one key in one second, in one web process. */
  requestsPerSecondMax: 1_000,
  inFlightMax: 500,
  retryAfterS: 1,
  streamsMax: 500,
  /** A comment on an open stream, so that proxies do not close it and a dead one is noticed. */
  beatMs: 15_000,
  streamPollMs: 5_000,
  /** A stream ends by then; its address has expired by then too, so the provider asks for a new one. */
  streamMsMax: 60 * 60_000,
  /** An address of a stream is good for one to two of these. */
  tokenWindowMs: 15 * 60_000,
} as const;
