/**
 * One switch a rule of the convergence protocol. All are on; only tests build a process with one off, to prove that
 * a named test turns red without it. Nothing outside `lib/testing` and `*.test.ts` may pass anything but the default.
 */
export const SAFEGUARDS = {
  authorityFirst: 'W1: the follower is written only after the authority answered',
  images: 'W2: the follower gets images and deletes, never expressions',
  confirm: 'W3: each write to the follower is followed by a consistent read of the authority',
  lanes: 'W4: requests and images of one key keep their order inside a gateway',
  mirrorOutlivesWait: 'W5: a mirror request outlives the wait of the application',
  intents: 'W6: the key is on disk before the authority is touched',
  unknownOutcomes: 'W7: what is not a named refusal counts as perhaps applied',
  generations: 'D1/D3: a row goes only if its generation and claim are unchanged',
  holdUntil: 'D2: an unknown outcome keeps its row until a settle that began after holdUntil',
  settleConfirm: 'D3: a settle confirms what it wrote',
  takeOverMarks: 'D4: what a dead holder had open is marked by whoever takes over',
  leaseCheck: 'D4: a holder checks its lease before each write and stops early',
  dirtyFeed: 'D5: keys marked anywhere are read from the authority everywhere',
  liveChannelFirst: 'C1: no backfill before every gateway dual writes and delta has passed',
  checkpointAfterSettle: 'C1: the checkpoint of a stream moves only over records whose keys were settled',
  consistentScan: 'C2: scans of a backfill and a verification are consistent',
  exportAfterChannel: 'C2: an export shows a time later than the proof of its live channel plus delta',
  pageKeys: 'C3: the keys of a page are stored before its first write',
  expiredAbsent: 'C4: expired items count as absent',
  recheck: 'C5: only what stays different after the recheck delay is a mismatch',
  snapshotSynced: 'E1: routing is on disk before the gateway acts on it',
  drainBeforeAck: 'E2: an epoch is acknowledged after every older request has ended',
  registeredCount: 'B1/F1: every registered gateway counts, silent ones included',
  holdEpoch: 'F1: writes are held before authority changes',
  workersStop: 'F1a: workers stop and acknowledge before the flip',
  fenceRetest: 'F1: dirty rows and young unknown outcomes are tested again at the flip',
  canary: 'F2: a canary is written to and read from the new authority before the release',
  canarySwept: 'F2: a canary that a frozen driver writes after the end of its fence is taken away',
  deadProven: 'F4: a gateway that is gone is passed by a fence only on proof that it can write nothing',
  snapshotsFirst: 'F6: nothing is moved under another Postgres until every gateway has said what it obeys',
  tokensShared: 'F7: tokens of transactions are shared between gateways before a release is obeyed',
  restartMarks: 'D4/F5: open intents found at a start are marked with an unknown outcome',
  dirtyToAuthority: 'R1: dirty and in-flight keys are read from the authority',
  fallbackBounded: 'R5: a not-found falls back only while the source is the authority',
  mappings: 'a mapped attribute has the same form whoever writes, compares or reads it',
} as const;
export type Safeguard = keyof typeof SAFEGUARDS;
export type SafeguardSet = Readonly<Record<Safeguard, boolean>>;

export const ALL_SAFEGUARDS: SafeguardSet = Object.freeze(
  Object.fromEntries(Object.keys(SAFEGUARDS).map((name) => [name, true])) as Record<Safeguard, boolean>,
);

/** For tests only: everything on but the named ones. */
export const without = (...names: Safeguard[]): SafeguardSet =>
  Object.freeze({ ...ALL_SAFEGUARDS, ...Object.fromEntries(names.map((name) => [name, false])) });
