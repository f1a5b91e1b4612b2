/**
 * The routing that requests obey. A request begins under one view and ends under it; the view before counts down, and an
 * epoch may be acknowledged once everything begun under older routing of its tables has ended (PROTOCOL E2). The caller
 * has put the routing on disk before it is taken here (E1).
 */
import type { RoutingSnapshot, TableRouting } from '@/lib/contracts/routing';
import { PassingMap } from '../passing-map';
import { type Counts, emptyCounts, TableTraffic } from './traffic';

export class RoutingView {
  readonly byName = new Map<string, TableRouting>();
  readonly byId = new Map<string, TableRouting>();
  readonly #needles: Buffer[];
  readonly #traffic = new Map<string, TableTraffic>();
  /** Requests under way, and images of them, by the table under a plan that they touch. */
  readonly #touching = new PassingMap<string, number>();
  inFlight = 0;

  constructor(
    readonly snapshot: RoutingSnapshot,
    private readonly totals: Map<string, Counts> = new Map(),
  ) {
    for (const table of snapshot.tables) {
      this.byName.set(table.tableName, table);
      this.byId.set(table.planTableId, table);
    }
    this.#needles = [...this.byName.keys()].map((name) => Buffer.from(name));
  }

  get epoch(): number {
    return this.snapshot.epoch;
  }

  /**
   * Whether a body can speak of a table under a plan. A name has no other spelling in JSON than itself or `\u` escapes,
   * so a body with neither needs no parsing. True may be wrong; false never is.
   */
  mayMention(body: Buffer): boolean {
    if (this.#needles.length === 0) return false;
    // Many names cost more to look for than the body costs to parse.
    if (this.#needles.length > NEEDLES_MAX) return true;
    for (const needle of this.#needles) if (body.includes(needle)) return true;
    return body.includes(UNICODE_ESCAPE);
  }

  begin(tables: readonly TableRouting[]): void {
    this.inFlight += 1;
    for (const { planTableId: id } of tables) this.#touching.set(id, (this.#touching.get(id) ?? 0) + 1);
  }

  end(tables: readonly TableRouting[]): void {
    this.inFlight -= 1;
    for (const { planTableId: id } of tables) {
      const left = (this.#touching.get(id) ?? 1) - 1;
      if (left > 0) this.#touching.set(id, left);
      else this.#touching.delete(id);
    }
  }

  /**
   * Whether something under way here obeys other rules than the newer view has for it: its table's routing has changed,
   * or a table came under a plan that it may touch unseen. All else is served alike under both views, and a slow request
   * on one table makes no barrier or fence of another wait.
   */
  isOutdatedBy(newer: RoutingView): boolean {
    if (this.inFlight === 0) return false;
    if (newer.snapshot.incarnation !== this.snapshot.incarnation) return true;
    for (const name of newer.byName.keys()) if (!this.byName.has(name)) return true;
    for (const id of this.#touching.keys()) if (newer.byId.get(id)?.epoch !== this.byId.get(id)?.epoch) return true;
    return false;
  }

  traffic(planTableId: string): TableTraffic {
    let found = this.#traffic.get(planTableId);
    if (!found) {
      const name = this.byId.get(planTableId)?.tableName ?? planTableId;
      const totals = this.totals.get(name) ?? emptyCounts();
      this.totals.set(name, totals);
      found = new TableTraffic(totals);
      this.#traffic.set(planTableId, found);
    }
    return found;
  }

  touched(): [string, TableTraffic][] {
    return [...this.#traffic].filter(([, traffic]) => traffic.isTouched);
  }
}

const NEEDLES_MAX = 16;
const UNICODE_ESCAPE = Buffer.from('\\u');

/** Whether `a` comes after `b`: incarnation first, then epoch. */
export const isNewer = (
  a: { incarnation: number; epoch: number },
  b: { incarnation: number; epoch: number } | null,
): boolean => b === null || a.incarnation > b.incarnation || (a.incarnation === b.incarnation && a.epoch > b.epoch);

export class Views {
  #current: RoutingView | null = null;
  /** Older views with something in flight. */
  readonly #older = new Set<RoutingView>();
  readonly #waiting = new Set<() => void>();
  /** Writes and strongly consistent reads in flight, by table. */
  readonly #byTable = new PassingMap<string, number>();
  /** Told when an older view has ended, when a table came to rest, and when a new view was taken. */
  onChange: () => void = () => {};
  /** The view before the current one, kept for the counters that are still to be taken. */
  readonly #untaken = new Set<RoutingView>();

  /** By name of table: what was counted since the start. */
  readonly totals = new Map<string, Counts>();

  get current(): RoutingView | null {
    return this.#current;
  }

  /** Makes a newer snapshot the one that requests obey; ignores one that is not newer. */
  take(snapshot: RoutingSnapshot): boolean {
    const before = this.#current;
    if (!isNewer(snapshot, before?.snapshot ?? null)) return false;
    this.#current = new RoutingView(snapshot, this.totals);
    this.#untaken.add(this.#current);
    if (before !== null && before.inFlight > 0) this.#older.add(before);
    for (const wake of [...this.#waiting]) wake();
    this.onChange();
    return true;
  }

  /** Nobody waits for a newer view any more. */
  isClosing = false;
  close(): void {
    this.isClosing = true;
    for (const wake of [...this.#waiting]) wake();
  }

  /** A request begins; `tables` are those under a plan that it may touch. */
  begin(view: RoutingView, tables: readonly TableRouting[]): void {
    view.begin(tables);
  }

  end(view: RoutingView, tables: readonly TableRouting[]): void {
    view.end(tables);
    if (view === this.#current) return;
    if (view.inFlight === 0) this.#older.delete(view);
    if (this.isDrained()) this.onChange();
  }

  beginTable(planTableId: string): void {
    this.#byTable.set(planTableId, (this.#byTable.get(planTableId) ?? 0) + 1);
  }

  endTable(planTableId: string): void {
    const left = (this.#byTable.get(planTableId) ?? 0) - 1;
    if (left > 0) this.#byTable.set(planTableId, left);
    else {
      this.#byTable.delete(planTableId);
      if (this.#current?.byId.get(planTableId)?.writes === 'held') this.onChange();
    }
  }

  inFlightOf(planTableId: string): number {
    return this.#byTable.get(planTableId) ?? 0;
  }

  inFlight(): number {
    let sum = this.#current?.inFlight ?? 0;
    for (const view of this.#older) sum += view.inFlight;
    return sum;
  }

  /** Whether every request begun under an older epoch of its table has ended. */
  isDrained(): boolean {
    const current = this.#current;
    if (current === null) return true;
    for (const view of this.#older) if (view.isOutdatedBy(current)) return false;
    return true;
  }

  /** Resolves when the view is no longer the current one, or after `ms`. */
  newerThan(view: RoutingView, ms: number): Promise<void> {
    if (this.#current !== view) return Promise.resolve();
    return new Promise((done) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        done();
      };
      const timer = setTimeout(wake, ms);
      this.#waiting.add(wake);
    });
  }

  /** Views with counters to take; one that has ended is forgotten after this. */
  viewsToSample(): RoutingView[] {
    const views = [...this.#untaken];
    for (const view of views) {
      if (view !== this.#current && view.inFlight === 0) this.#untaken.delete(view);
    }
    return views;
  }
}
