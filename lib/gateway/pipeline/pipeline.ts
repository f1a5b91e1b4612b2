/**
 * From a request to an answer. This room knows nothing of HTTP servers: the TypeScript client runs the same pipeline
 * inside an application. A request waits while its table is held, then begins under one view of the routing and ends
 * under it (PROTOCOL E2, F2).
 */
import type { TableRouting } from '@/lib/contracts/routing';
import { routeWrite } from '@/lib/domain/routing/route';
import type { Ticket } from '../admission/admission';
import type { Counters } from '../metrics/counters';
import { type GatewayAnswer, type GatewayRequest, refusal } from './answer';
import { type Call, comeAgain, type PipelineParts, type Through } from './context';
import { refuseStatements, refuseUnsafe } from './other-calls';
import { isJson, type Json, member, type Routed, routed, STATEMENT_OPERATIONS } from './parse';
import { readBatch } from './read-batch';
import { readOne, readThrough } from './read-one';
import { readTransact } from './read-transact';
import { answerOf } from './respond';
import { askAboutBody } from './unreadable-body';
import type { RoutingView, Views } from './views';
import { writeBatch } from './write-batch';
import { writeOne, writeThrough } from './write-one';
import { writeTransact } from './write-transact';

const NONE: readonly TableRouting[] = [];
const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems']);

/** Where a request stands in the admission: it moves while it waits for a hold. */
interface Place {
  ticket: Ticket | null;
}

export class Pipeline {
  constructor(private readonly parts: PipelineParts) {}

  /**
   * Serves a request while there is room for it; what is refused for want of room was not begun. One async function from
   * here to the operation: each more of them costs every request a promise, its closures and a turn of the microtasks.
   * `counters` hear what it was answered and how long that took.
   */
  async handle(request: GatewayRequest, counters: Counters | null = null): Promise<GatewayAnswer> {
    const { admission, views } = this.parts;
    const startedAt = performance.now();
    const isWrite = WRITES.has(request.operation);
    const taken = admission.live(isWrite ? 'write' : 'read', request.body.length);
    if (typeof taken === 'string') return sheds(request, { sentence: taken, counters });
    const place: Place = { ticket: taken };
    let answer: GatewayAnswer | null = null;
    try {
      let waitingSinceMs: number | null = null;
      while (answer === null) {
        const view = views.current;
        if (view === null) {
          answer = refusal('ServiceUnavailableException', 'This gateway has no routing yet.', 503);
          break;
        }
        const found = routed(request, view);
        if (found === null || found === 'undecodable') {
          answer = await this.#unrouted(request, view, found);
          break;
        }
        const isWatched = isWrite || (found.input !== null && isStrongRead(request.operation, found.input));
        const stopped = isWatched ? this.#stopped(found, isWrite) : null;
        if (stopped !== null) {
          waitingSinceMs ??= this.parts.clock.monotonicMs();
          answer = await this.#held({ request, place, view, found, stopped, waitingSinceMs });
          continue;
        }
        if (waitingSinceMs !== null) this.#countHeld(view, found, this.parts.clock.monotonicMs() - waitingSinceMs);
        const watched = isWatched ? found.tables : NONE;
        // What a statement touches is not looked into, so it counts as touching them all.
        const touched = STATEMENT_OPERATIONS.has(request.operation) ? view.snapshot.tables : found.tables;
        begin(views, view, { watched, touched });
        try {
          answer = await this.#run({ parts: this.parts, view, request }, found);
          if (isWrite && answer.status >= 500) countUserErrors(view, found);
        } finally {
          end(views, view, { watched, touched });
        }
      }
      return answer;
    } finally {
      place.ticket?.release();
      if (answer !== null) counters?.answered(request.operation, answer, performance.now() - startedAt);
    }
  }

  /** Nothing under a plan is touched, as far as can be told. */
  async #unrouted(request: GatewayRequest, view: RoutingView, found: 'undecodable' | null): Promise<GatewayAnswer> {
    const { views, stores } = this.parts;
    const isAsked = found === 'undecodable' && view.snapshot.tables.some((table) => table.writes !== 'source');
    views.begin(view, NONE);
    try {
      return await (isAsked ? askAboutBody(stores.source(), request) : this.#passThrough(request));
    } finally {
      views.end(view, NONE);
    }
  }

  /** Waits for a newer epoch. Null: look again; else the answer that ends the wait. */
  async #held(of: {
    request: GatewayRequest;
    place: Place;
    view: RoutingView;
    found: Routed;
    stopped: { table: TableRouting; isHeld: boolean };
    waitingSinceMs: number;
  }): Promise<GatewayAnswer | null> {
    const { views, clock } = this.parts;
    const { view, found, stopped, waitingSinceMs } = of;
    const leftMs =
      stopped.isHeld && !views.isClosing ? stopped.table.holdMsMax - (clock.monotonicMs() - waitingSinceMs) : 0;
    if (leftMs <= 0) {
      view.traffic(stopped.table.planTableId).add('writesRefused');
      this.#countHeld(view, found, clock.monotonicMs() - waitingSinceMs);
      return comeAgain(stopped.table);
    }
    return (await this.#waitHeld({ ...of, leftMs })) ? null : comeAgain(stopped.table);
  }

  /** Shadow reads are looked at no more: this gateway is about to say goodbye. */
  stop(): void {
    this.parts.shadow.stop();
  }

  /** Waits outside the room of requests that are served. False: too many wait. */
  async #waitHeld(of: { request: GatewayRequest; place: Place; view: RoutingView; leftMs: number }): Promise<boolean> {
    const { admission, views } = this.parts;
    const { request, place, view, leftMs } = of;
    const held = admission.held(request.body.length);
    if (held === null) return false;
    place.ticket?.release();
    place.ticket = held;
    await views.newerThan(view, leftMs);
    held.release();
    place.ticket = admission.resumed(request.body.length);
    return true;
  }

  #stopped(found: Routed, isWrite: boolean): { table: TableRouting; isHeld: boolean } | null {
    for (const table of found.tables) {
      const { kind } = routeWrite(table, this.parts.safeguards);
      if (kind === 'wait') return { table, isHeld: true };
      if (kind === 'refuse' && isWrite) return { table, isHeld: false };
    }
    return null;
  }

  #countHeld(view: RoutingView, found: Routed, ms: number): void {
    for (const table of found.tables) view.traffic(table.planTableId).add('heldMs', Math.round(ms));
  }

  #run(through: Through, found: Routed): Promise<GatewayAnswer> {
    const { input } = found;
    const [table] = found.tables;
    if (input === null) {
      const pass = through.request.operation === 'GetItem' ? readThrough : writeThrough;
      return pass(through, table as TableRouting);
    }
    const call: Call = { parts: through.parts, view: through.view, request: through.request, input };
    switch (call.request.operation) {
      case 'PutItem':
      case 'UpdateItem':
      case 'DeleteItem':
        return writeOne(call, table as TableRouting);
      case 'GetItem':
      case 'Query':
      case 'Scan':
        return readOne(call, table as TableRouting);
      case 'BatchWriteItem':
        return writeBatch(call);
      case 'BatchGetItem':
        return readBatch(call);
      case 'TransactWriteItems':
        return writeTransact(call);
      case 'TransactGetItems':
        return readTransact(call);
    }
    const isStatement = STATEMENT_OPERATIONS.has(call.request.operation);
    const refused = isStatement ? refuseStatements(call) : refuseUnsafe(call, found.tables);
    return refused === null ? this.#passThrough(call.request) : Promise.resolve(refused);
  }

  /** The bytes as they came, to the source, and its answer as it came. */
  async #passThrough(request: GatewayRequest): Promise<GatewayAnswer> {
    const store = this.parts.stores.source();
    return answerOf(await store.wire.send(request));
  }
}

function sheds(request: GatewayRequest, of: { sentence: string; counters: Counters | null }): GatewayAnswer {
  const answer = refusal('ThrottlingException', of.sentence);
  of.counters?.answered(request.operation, answer, 0);
  return answer;
}

interface Tables {
  watched: readonly TableRouting[];
  touched: readonly TableRouting[];
}

/** A request begins under one view of the routing and ends under it (E2). */
function begin(views: Views, view: RoutingView, { watched, touched }: Tables): void {
  views.begin(view, touched);
  for (const table of watched) views.beginTable(table.planTableId);
}

function end(views: Views, view: RoutingView, { watched, touched }: Tables): void {
  for (const table of watched) views.endTable(table.planTableId);
  views.end(view, touched);
}

function countUserErrors(view: RoutingView, found: Routed): void {
  for (const table of found.tables) view.traffic(table.planTableId).add('userErrors');
}

function isStrongRead(operation: string, input: Json): boolean {
  if (operation === 'TransactGetItems') return true;
  if (operation === 'GetItem' || operation === 'Query' || operation === 'Scan') return input.ConsistentRead === true;
  if (operation !== 'BatchGetItem') return false;
  const items = member(input, 'RequestItems');
  return isJson(items) && Object.values(items).some((one) => isJson(one) && one.ConsistentRead === true);
}
