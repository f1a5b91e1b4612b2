/**
 * Where a read goes (PROTOCOL section 5): pure, the same in gateway and client. Order of decision (R1): dirty or in
 * flight → authority; then what cannot be routed by key (R2); then strong reads (R3); then the bucket.
 */
import type { Reads, Stage, Writes } from '../plan/stages';
import type { SafeguardSet } from '../safeguards';
import { bucketOf, isInShare } from './bucket';

export interface RouteFacts {
  stage: Stage;
  writes: Writes;
  authority: 'source' | 'target';
  reads: Reads;
  readShareMilli: number;
  salt: string;
  fallback: boolean;
  sortOrderProven: boolean;
  keySchema: { sort: unknown };
}

export interface ReadFacts {
  /** `key`: one key; `partition`: a Query; `index`: a secondary index or PartiQL; `scan`: the whole table. */
  kind: 'key' | 'partition' | 'index' | 'scan';
  /** Typed partition key; null where it cannot be told from the request. */
  unit: string | null;
  isStrong: boolean;
  /** Evaluated only where it decides something. */
  isDirty(): boolean;
}

/** The counter that a decision belongs to. */
export type ReadCount = 'readsSource' | 'readsTarget' | 'readsDirty' | 'readsStrong' | 'readsUnroutable';

export type ReadRoute =
  | { store: 'source' | 'target'; count: ReadCount; fallback: boolean }
  | { store: null; sentence: string };

const to = (store: 'source' | 'target', count: ReadCount, fallback = false): ReadRoute => ({ store, count, fallback });

/** Whether a read that the target cannot answer may be asked of the source (R5): only while that is the authority. */
export function mayFallBack(table: RouteFacts, safeguards: SafeguardSet): boolean {
  if (!safeguards.fallbackBounded) return true;
  return table.fallback && table.authority === 'source';
}

export function routeRead(table: RouteFacts, read: ReadFacts, safeguards: SafeguardSet): ReadRoute {
  if (read.kind === 'index') return routeIndex(table);
  if (table.reads === 'target') {
    // Only with the bound of R5 off: a not-found would then be asked of the old side.
    return to('target', read.isStrong ? 'readsStrong' : 'readsTarget', !safeguards.fallbackBounded);
  }
  if (read.kind === 'scan') return to('source', 'readsUnroutable');
  if (read.isStrong) return to('source', 'readsStrong');
  if (table.reads === 'source') return to('source', read.unit === null ? 'readsUnroutable' : 'readsSource');
  if (read.unit === null) return to('source', 'readsUnroutable');
  // A Query's order and cursors are good on both sides only once the sort-order probe has passed (R4).
  if (read.kind === 'partition' && table.keySchema.sort !== null && !table.sortOrderProven) {
    return to('source', 'readsUnroutable');
  }
  if (safeguards.dirtyToAuthority && read.isDirty()) return to(table.authority, 'readsDirty');
  if (!isInShare(bucketOf(table.salt, read.unit), table.readShareMilli)) return to('source', 'readsSource');
  return to('target', 'readsTarget', mayFallBack(table, safeguards));
}

/** The target has no indexes: while the source is kept equal it answers, afterwards nobody does (R2). */
function routeIndex(table: RouteFacts): ReadRoute {
  const isSourceKept = table.stage !== 'backup' && table.stage !== 'retired';
  if (isSourceKept) return to('source', 'readsUnroutable');
  return {
    store: null,
    sentence:
      'the table lives on TerraScale now, which has no secondary indexes and no PartiQL; the copy on DynamoDB is no longer written',
  };
}

/** What writes are to do; `wait` until a newer epoch, `refuse` with a retryable error. */
export type WriteRoute =
  | { kind: 'single'; authority: 'source' | 'target' }
  | { kind: 'mirrored'; authority: 'source' | 'target' }
  | { kind: 'wait' }
  | { kind: 'refuse' };

export function routeWrite(table: Pick<RouteFacts, 'writes' | 'authority'>, safeguards: SafeguardSet): WriteRoute {
  switch (table.writes) {
    case 'source':
    case 'target':
      return { kind: 'single', authority: table.writes };
    case 'source_target':
      return { kind: 'mirrored', authority: 'source' };
    case 'target_source':
      return { kind: 'mirrored', authority: 'target' };
    case 'refused':
      return { kind: 'refuse' };
    case 'held':
      // Only with the hold off: writes go on as if nobody were about to change the authority.
      return safeguards.holdEpoch ? { kind: 'wait' } : { kind: 'mirrored', authority: table.authority };
  }
}
