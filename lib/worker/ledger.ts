/**
 * What the data plane of a worker remembers outside itself: marks and claims, leases, checkpoints, what was set aside and
 * what differed. One port, so that the same tasks run on Postgres and, in the simulation, over a twin in memory that
 * passes the same contract.
 */
import type { Sql } from '@/db/client';
import { buryKeys } from '@/db/queries/dead-letter';
import {
  acknowledgeHolds,
  claimKeys,
  dirtyAmong,
  expireClaims,
  finishClaims,
  markKeys,
  releaseClaims,
  renewClaims,
  tablesHeldOpenFor,
} from '@/db/queries/dirty';
import { bookRequests, keepQuiet, loadSharedUse } from '@/db/queries/pacing';
import { loadConnections, loadWorkTable, queueSegment, stopRunAtLimit } from '@/db/queries/run';
import { insertMismatch, lastMismatchOf } from '@/db/queries/run-mismatch';
import {
  checkpointSegment,
  insertSetAside,
  releaseSegment,
  renewSegment,
  storePageKeys,
  takeSegment,
} from '@/db/queries/segment';
import { tellWorkers } from '@/db/queries/worker';
import { acknowledgeFence, fencesThatStopWorkers } from '@/db/queries/worker-fence';

const QUERIES = {
  markKeys,
  dirtyAmong,
  claimKeys,
  renewClaims,
  finishClaims,
  releaseClaims,
  buryKeys,
  expireClaims,
  tablesHeldOpenFor,
  acknowledgeHolds,
  takeSegment,
  renewSegment,
  storePageKeys,
  checkpointSegment,
  releaseSegment,
  insertSetAside,
  insertMismatch,
  lastMismatchOf,
  loadWorkTable,
  loadConnections,
  queueSegment,
  stopRunAtLimit,
  tellWorkers,
  fencesThatStopWorkers,
  acknowledgeFence,
  loadSharedUse,
  bookRequests,
  keepQuiet,
} as const;

type Bound<Query> = Query extends (sql: never, ...rest: infer Rest) => infer Answer ? (...rest: Rest) => Answer : never;

/** Each query of the data plane without its first parameter; shapes, units and errors stand at the query itself. */
export type Ledger = { readonly [Name in keyof typeof QUERIES]: Bound<(typeof QUERIES)[Name]> };

/** The ledger in Postgres. */
export function sqlLedger(sql: Sql): Ledger {
  const bound = Object.entries(QUERIES).map(([name, query]) => [
    name,
    (...rest: unknown[]) => (query as (sql: Sql, ...rest: unknown[]) => unknown)(sql, ...rest),
  ]);
  return Object.freeze(Object.fromEntries(bound)) as Ledger;
}
