/**
 * The ledger in memory: what `db/queries` does to rows of dirty keys and segments, each call at one instant of the
 * database's clock. `ledger.it.test.ts` holds it against Postgres.
 */
import type { StoreRow, WorkTable } from '@/db/queries/run';
import type { TakenSegment } from '@/db/queries/segment';
import type { KeySchema, WireItem } from '@/lib/domain/item/item';
import { keyHash } from '@/lib/domain/item/key';
import type { DirtyCause } from '@/lib/domain/routing/dirty';
import type { Ledger } from '@/lib/worker/ledger';
import type { SimFence } from './sim-fence';

type Given<Name extends keyof Ledger> = Parameters<Ledger[Name]>[0];
type Answer<Name extends keyof Ledger> = Awaited<ReturnType<Ledger[Name]>>;

export interface DirtyRow {
  keyId: string;
  cause: DirtyCause;
  generation: number;
  lastSeenAtMs: number;
  attempts: number;
  holdUntilMs: number | null;
  holdOpenFor: Set<string>;
  settledGeneration: number | null;
  claimToken: number | null;
  claimUntilMs: number | null;
  claimOwner: string | null;
  hot: boolean;
  deadGeneration: number | null;
}

export interface SegmentRow {
  id: string;
  runId: string;
  kind: 'backfill' | 'verification';
  number: number;
  side: 'source' | 'target';
  segmentsTotal: number;
  state: 'waiting' | 'running' | 'done' | 'failed';
  cursor: WireItem | null;
  pageKeys: string[] | null;
  pages: number;
  attempts: number;
  owner: string | null;
  token: number;
  leaseUntilMs: number;
}

/** Rows that one look for expired claims marks. */
const MARKS_A_STATEMENT = 500;

export class SimDatabase {
  readonly dirty = new Map<string, DirtyRow>();
  readonly segments = new Map<string, SegmentRow>();
  readonly workers = new Map<string, 'registered' | 'ended'>();
  readonly setAside: string[] = [];
  readonly mismatches: { keyId: string; class: string }[] = [];
  /** The fences of a schedule; null: there is none in it. */
  fence: SimFence | null = null;
  #generation = 0;
  onNotify: (event: 'marked' | 'gone', hash: string) => void = () => {};
  onQueue: (segmentId: string, kind: SegmentRow['kind'], afterMs: number) => void = () => {};

  constructor(
    private readonly nowMs: () => number,
    private readonly parts: { table: WorkTable; connections: readonly StoreRow[] },
  ) {}

  markKeys(marks: {
    keyIds: readonly string[];
    cause: DirtyCause;
    unknownForMs?: number | null;
    openFor?: string | null;
  }): void {
    const nowMs = this.nowMs();
    for (const keyId of new Set(marks.keyIds)) {
      const known = this.dirty.get(keyId);
      this.#generation += 1;
      const holdUntilMs = marks.unknownForMs == null ? null : nowMs + marks.unknownForMs;
      const row: DirtyRow = known ?? {
        ...{ keyId, attempts: 0, holdUntilMs: null, holdOpenFor: new Set(), settledGeneration: null },
        ...{ claimToken: null, claimUntilMs: null, claimOwner: null, hot: false, deadGeneration: null },
        ...{ cause: marks.cause, generation: 0, lastSeenAtMs: nowMs },
      };
      row.cause = marks.cause;
      row.generation = this.#generation;
      row.lastSeenAtMs = nowMs;
      if (holdUntilMs !== null) row.holdUntilMs = Math.max(row.holdUntilMs ?? 0, holdUntilMs);
      if (marks.openFor != null) row.holdOpenFor.add(marks.openFor);
      if (row.claimToken === null) row.claimUntilMs = null;
      this.dirty.set(keyId, row);
      this.onNotify('marked', keyHash(keyId));
    }
  }

  dirtyAmong(_table: string, keyIds: readonly string[]): Set<string> {
    return new Set(keyIds.filter((keyId) => this.dirty.has(keyId)));
  }

  claimKeys(ask: Given<'claimKeys'>): Answer<'claimKeys'> {
    const due = [...this.dirty.values()]
      .filter((row) => row.claimToken === null && (row.claimUntilMs ?? 0) <= this.nowMs() && this.#isOwed(row))
      .sort((a, b) => a.lastSeenAtMs - b.lastSeenAtMs)
      .slice(0, ask.keysMax);
    return due.map((row) => {
      this.#generation += 1;
      row.claimToken = this.#generation;
      row.claimOwner = ask.owner;
      row.claimUntilMs = this.nowMs() + ask.leaseMs;
      row.attempts += 1;
      return claimed(row);
    });
  }

  #isOwed(row: DirtyRow): boolean {
    if (row.deadGeneration === row.generation) return false;
    return row.settledGeneration !== row.generation || this.#holdPassed(row, this.nowMs());
  }

  #holdPassed(row: DirtyRow, atMs: number): boolean {
    return row.holdOpenFor.size === 0 && (row.holdUntilMs === null || row.holdUntilMs <= atMs);
  }

  #mine(tokens: readonly { key_id: string; claim_token: number }[]): DirtyRow[] {
    return tokens.flatMap(({ key_id: keyId, claim_token: token }) => {
      const row = this.dirty.get(keyId);
      return row !== undefined && row.claimToken === token ? [row] : [];
    });
  }

  renewClaims(ask: Given<'renewClaims'>): Answer<'renewClaims'> {
    const rows = this.#mine(ask.tokens);
    for (const row of rows) row.claimUntilMs = this.nowMs() + ask.leaseMs;
    return { claims: rows.map(claimed), startedAt: String(this.nowMs()) };
  }

  finishClaims(ask: Given<'finishClaims'>): Answer<'finishClaims'> {
    const verdicts: Answer<'finishClaims'> = new Map();
    for (const claim of ask.claims) {
      const row = this.dirty.get(claim.keyId);
      const isSame = row !== undefined && (row.generation === claim.generation || !ask.checkGeneration);
      if (row === undefined || row.claimToken !== claim.claimToken || !isSame) verdicts.set(claim.keyId, 'changed');
      else if (!ask.checkHold || this.#holdPassed(row, Number(ask.startedAt))) {
        this.dirty.delete(claim.keyId);
        this.onNotify('gone', keyHash(claim.keyId));
        verdicts.set(claim.keyId, 'gone');
      } else {
        row.settledGeneration = row.generation;
        this.#free(row, null);
        row.hot = false;
        verdicts.set(claim.keyId, 'held');
      }
    }
    return verdicts;
  }

  #free(row: DirtyRow, untilMs: number | null): void {
    row.claimToken = null;
    row.claimOwner = null;
    row.claimUntilMs = untilMs;
  }

  releaseClaims(ask: Given<'releaseClaims'>): void {
    for (const row of this.#mine(ask.tokens)) {
      this.#free(row, this.nowMs() + ask.afterMs);
      row.hot = ask.hot;
    }
  }

  buryKeys(ask: Given<'buryKeys'>): void {
    for (const { claim } of ask.buried) {
      const row = this.dirty.get(claim.keyId);
      if (row === undefined || row.claimToken !== claim.claimToken) continue;
      this.#free(row, null);
      Object.assign(row, { hot: false, deadGeneration: claim.generation });
    }
  }

  expireClaims(ask: Given<'expireClaims'>): number {
    const expired = [...this.dirty.values()]
      .filter((row) => row.claimToken !== null && (row.claimUntilMs ?? 0) <= this.nowMs())
      .slice(0, MARKS_A_STATEMENT);
    for (const row of expired) {
      const holder = row.claimOwner as string;
      this.#free(row, null);
      if (ask.mark) this.#takeOver([row.keyId], holder, ask.deltaMs);
    }
    return expired.length;
  }

  #takeOver(keyIds: readonly string[], holder: string | null, deltaMs: number): void {
    const isOpen = holder !== null && this.workers.get(holder) === 'registered';
    this.markKeys({
      ...{ keyIds, cause: 'take_over' },
      ...{ openFor: isOpen ? holder : null, unknownForMs: isOpen ? undefined : deltaMs },
    });
  }

  #isHeldByEnded(row: DirtyRow): boolean {
    if (row.holdOpenFor.size === 0) return false;
    return ![...row.holdOpenFor].some((id) => this.workers.get(id) === 'registered');
  }

  hasHoldsOfEnded(): boolean {
    for (const row of this.dirty.values()) if (this.#isHeldByEnded(row)) return true;
    return false;
  }

  closeHoldsOfEnded(): void {
    for (const row of this.dirty.values()) {
      if (!this.#isHeldByEnded(row)) continue;
      row.holdOpenFor.clear();
      row.holdUntilMs = Math.max(row.holdUntilMs ?? 0, this.nowMs() + this.parts.table.deltaMs);
    }
  }

  tablesHeldOpenFor(workerId: string): Answer<'tablesHeldOpenFor'> {
    const isHeld = [...this.dirty.values()].some((row) => row.holdOpenFor.has(workerId));
    return isHeld ? [{ planTableId: this.parts.table.planTableId, seenAt: String(this.nowMs()) }] : [];
  }

  acknowledgeHolds(by: Given<'acknowledgeHolds'>): void {
    for (const row of this.dirty.values()) {
      if (row.lastSeenAtMs > Number(by.seenAt) || !row.holdOpenFor.delete(by.workerId)) continue;
      row.holdUntilMs = Math.max(row.holdUntilMs ?? 0, this.nowMs() + this.parts.table.deltaMs);
    }
  }

  hasDueKeys(): boolean {
    return [...this.dirty.values()].some(
      (row) => (row.claimUntilMs ?? 0) <= this.nowMs() && (row.claimToken !== null || this.#isOwed(row)),
    );
  }

  takeSegment(ask: Given<'takeSegment'>): TakenSegment | null {
    const row = this.segments.get(ask.segmentId);
    if (row === undefined || !isOpen(row) || (row.owner !== null && row.leaseUntilMs > this.nowMs())) return null;
    const takenOver = row.pageKeys ?? [];
    const formerOwner = row.owner;
    if (ask.markTakeOver && takenOver.length > 0) {
      this.#takeOver(takenOver, formerOwner, this.parts.table.deltaMs);
    }
    if (formerOwner !== null) row.attempts += 1;
    Object.assign(row, { owner: ask.owner, token: row.token + 1, pageKeys: null, state: 'running' });
    row.leaseUntilMs = this.nowMs() + ask.leaseMs;
    const { id: segmentId, owner: _, pageKeys: __, state: ___, leaseUntilMs: ____, ...rest } = row;
    return {
      ...{ ...rest, segmentId, owner: ask.owner, planTableId: this.parts.table.planTableId },
      ...{ mismatchesMax: 100, sample: null, file: null, takenOver: takenOver.length, formerOwner },
    };
  }

  #held(lease: { segmentId: string; owner: string; token: number }): SegmentRow | null {
    const row = this.segments.get(lease.segmentId);
    const isMine = row?.owner === lease.owner && row.token === lease.token && row.state === 'running';
    return isMine ? row : null;
  }

  renewSegment(lease: Given<'renewSegment'>, leaseMs: number): Answer<'renewSegment'> {
    const row = this.#held(lease);
    if (row === null) return null;
    row.leaseUntilMs = this.nowMs() + leaseMs;
    return { runState: 'running', itemsPerSecondMax: null, isHeld: false, holders: 1, waiting: 0 };
  }

  storePageKeys(lease: Given<'storePageKeys'>, keyIds: readonly string[]): boolean {
    const row = this.#held(lease);
    if (row !== null) row.pageKeys = [...keyIds];
    return row !== null;
  }

  checkpointSegment(lease: Given<'checkpointSegment'>, page: { cursor: WireItem | null }): boolean {
    const row = this.#held(lease);
    if (row === null) return false;
    Object.assign(row, { cursor: page.cursor, pageKeys: null, pages: row.pages + 1 });
    if (page.cursor === null) Object.assign(row, { state: 'done', owner: null });
    return true;
  }

  releaseSegment(lease: Given<'releaseSegment'>, because: { error?: string; isFinal?: boolean } = {}): boolean {
    const row = this.segments.get(lease.segmentId);
    if (row === undefined || row.owner !== lease.owner || row.token !== lease.token) return false;
    Object.assign(row, { owner: null, pageKeys: null });
    if (because.error !== undefined) row.attempts += 1;
    if (because.isFinal) row.state = 'failed';
    return true;
  }

  insertSetAside(rows: readonly { keyId: string }[], _schema: KeySchema): void {
    this.setAside.push(...rows.map((row) => row.keyId));
  }

  insertMismatch(row: { keyId: string; class: string }): void {
    this.mismatches.push({ keyId: row.keyId, class: row.class });
  }

  lastMismatchOf(): null {
    return null;
  }

  loadWorkTable(): WorkTable {
    return { ...this.parts.table, stoppedByFence: this.fence?.stoppingFence() ?? null };
  }

  /** The routing of the table, as the newest epoch has it. */
  route(to: Pick<WorkTable, 'authority' | 'stage' | 'writes' | 'epoch'>): void {
    this.parts.table = { ...this.parts.table, ...to };
  }

  fencesThatStopWorkers(workerId: string): Answer<'fencesThatStopWorkers'> {
    const fenceId = this.fence?.stoppingFence() ?? null;
    if (fenceId === null) return [];
    const isAcknowledged = this.fence?.open?.stoppedBy.has(workerId) ?? false;
    return [{ fenceId, planTableId: this.parts.table.planTableId, isAcknowledged }];
  }

  acknowledgeFence(by: Given<'acknowledgeFence'>): void {
    if (this.fence?.open?.id === by.fenceId) this.fence.open.stoppedBy.add(by.workerId);
  }

  loadConnections(ids: readonly string[]): StoreRow[] {
    return this.parts.connections.filter((one) => ids.includes(one.id));
  }

  queueSegment(of: { segmentId: string; kind: SegmentRow['kind']; afterMs?: number }): void {
    this.onQueue(of.segmentId, of.kind, of.afterMs ?? 0);
  }

  stopRunAtLimit(): boolean {
    return false;
  }

  tellWorkers(): void {}

  /** Rates are no part of the simulation: every worker may send as it likes. */
  loadSharedUse(): [] {
    return [];
  }

  bookRequests(): void {}

  keepQuiet(): void {}

  /** Segments that nobody holds and that are not done: what the rounds of every worker queue again. */
  orphans(): SegmentRow[] {
    return [...this.segments.values()].filter(
      (row) => isOpen(row) && (row.owner === null || row.leaseUntilMs <= this.nowMs()),
    );
  }
}

const isOpen = (row: SegmentRow): boolean => row.state === 'waiting' || row.state === 'running';
const claimed = ({ keyId, generation, claimToken, attempts }: DirtyRow) => ({
  ...{ keyId, generation, attempts },
  claimToken: claimToken as number,
});
