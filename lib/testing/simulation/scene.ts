/** What every schedule has in common: one table under a plan, its two stores, and how much goes wrong. */
import type { StoreRow, WorkTable } from '@/db/queries/run';
import type { StoreTarget } from '@/lib/adapters/ports';
import { createSealer } from '@/lib/adapters/sealing';
import type { RoutingSnapshot, TableRouting } from '@/lib/contracts/routing';
import type { Chance } from './chance';
import type { NetworkFaults } from './network';
import { TABLE_ID } from './sim-gateway';
import { SIM_SEALING_KEY } from './sim-worker';

/** Which side is the authority. */
export type Direction = 'source' | 'target';

export const DELTA_MS = 2_000;
const STORE_TIMEOUT_MS = 250;
const sealed = createSealer(SIM_SEALING_KEY).seal(
  JSON.stringify({ accessKeyId: 'x', secretAccessKey: 'y' }),
  'connection',
);

export function faultsOf(chance: Chance): NetworkFaults {
  const share = () => (chance.is(0.5) ? 0 : chance.next() * 0.12);
  return {
    ...{
      lost: share(),
      late: share(),
      answerLost: share(),
      duplicated: share(),
      throttled: chance.is(0.2) ? 0.3 : share(),
    },
    serverError: share(),
  };
}

export const SCHEMA = { partition: { name: 'pk', type: 'S' as const }, sort: null };
const targetOf = (connectionId: Direction, kind: StoreTarget['kind']): StoreTarget => ({
  ...{ connectionId, kind, endpoint: 'http://127.0.0.1:1', region: 'eu-central-1', timeoutMs: STORE_TIMEOUT_MS },
  credentials: { accessKeyId: 'x', secretAccessKey: 'y' },
});
export const SOURCE = targetOf('source', 'dynamodb');
export const TARGET = targetOf('target', 'terrascale');
export const CONNECTIONS: StoreRow[] = [SOURCE, TARGET].map(({ connectionId, kind, endpoint, region }) => ({
  ...{ id: connectionId, name: connectionId, kind, endpoint, region, credentialSealed: sealed, version: 1 },
  ...{ requestsPerSecond: 1_000_000, itemsPerSecond: 1_000_000, readUnitsPerSecond: null, liveReserveMilli: 0 },
}));

export function tableOf(authority: Direction): WorkTable {
  return {
    ...{ planTableId: TABLE_ID, planId: 'pln', tableName: 'orders', targetName: 'orders', schema: SCHEMA },
    ...{ ttlAttribute: 'ttl', stage: authority === 'source' ? 'backfill' : 'target_first', authority },
    writes: authority === 'source' ? 'source_target' : 'target_source',
    ...{ epoch: 1, incarnation: 1, sourceConnectionId: 'source', targetConnectionId: 'target', deltaMs: DELTA_MS },
    ...{ storeTimeoutMs: STORE_TIMEOUT_MS, recheckDelayMs: 100, stoppedByFence: null, mappings: [] },
  } as WorkTable;
}

/** Before dual write: everything is the source's, and the gateway passes it on. */
export function plannedSnapshot(): RoutingSnapshot {
  const { tables, ...rest } = snapshotOf('source');
  const before = { stage: 'planned', writes: 'source', reads: 'source', readShareMilli: 0, fallback: false } as const;
  return { ...rest, tables: tables.map((table) => ({ ...table, ...before })) };
}

/** In the forward direction reads are on the target wherever nothing speaks against it: there staleness would show. */
export function snapshotOf(authority: Direction): RoutingSnapshot {
  const isForward = authority === 'source';
  const table: TableRouting = {
    ...{ planTableId: TABLE_ID, planName: 'orders', tableName: 'orders', targetConnectionId: 'target' },
    ...{ targetTableName: 'orders', epoch: 1, stage: isForward ? 'shift' : 'target_first', authority },
    ...{ writes: isForward ? 'source_target' : 'target_source', reads: isForward ? 'share' : 'target' },
    ...{ readShareMilli: 100_000, shadowMilli: 0, salt: 'orders:v1', fallback: isForward, keySchema: SCHEMA },
    ...{ ttlAttribute: 'ttl', sortOrderProven: false, mirrorWaitMsMax: 50, holdMsMax: 1_000, deltaMs: DELTA_MS },
    ...{ storeTimeoutMs: STORE_TIMEOUT_MS, feedAgeMsMax: 2_500, canaryNonce: null, mappings: [] },
  };
  return { connectionId: 'source', incarnation: 1, epoch: 1, tables: [table] };
}
