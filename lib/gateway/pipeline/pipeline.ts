/**
 * From a request to an answer. This room knows nothing of HTTP servers: the TypeScript client runs the same pipeline
 * inside an application. A request waits while its table is held, then begins under one view of the routing and ends
 * under it (PROTOCOL E2, F2).
 */
import type { TableRouting } from '@/lib/contracts/routing';
import { routeWrite } from '@/lib/domain/routing/route';
import type { Ticket } from '../admission/admission';
import { type GatewayAnswer, type GatewayRequest, refusal } from './answer';
import { type Call, comeAgain, type PipelineParts } from './context';
import { refuseStatements, refuseUnsafe } from './other-calls';
import { isJson, type Json, member, type Routed, routed, STATEMENT_OPERATIONS } from './parse';
import { readBatch } from './read-batch';
import { readOne } from './read-one';
import { readTransact } from './read-transact';
import { answerOf } from './respond';
import { askAboutBody } from './unreadable-body';
import type { RoutingView } from './views';
import { writeBatch } from './write-batch';
import { writeOne } from './write-one';
import { writeTransact } from './write-transact';

const NOTHING = { watched: [], touched: [] };
const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems']);

/** Where a request stands in the admission: it moves while it waits for a hold. */
interface Place {
  ticket: Ticket | null;
}

export class Pipeline {
  constructor(private readonly parts: PipelineParts) {}

  /** Serves a request while there is room for it; what is refused for want of room was not begun. */
  async handle(request: GatewayRequest): Promise<GatewayAnswer> {
    const { admission } = this.parts;
    const { length } = request.body;
    const place: Place = { ticket: null };
    const taken = admission.live(WRITES.has(request.operation) ? 'write' : 'read', length);
    if (typeof taken === 'string') return refusal('ThrottlingException', taken);
    place.ticket = taken;
    try {
      return await this.#serve(request, place);
    } finally {
      place.ticket?.release();
    }
  }

  async #serve(request: GatewayRequest, place: Place): Promise<GatewayAnswer> {
    const { views, clock } = this.parts;
    let waitingSinceMs: number | null = null;
    for (;;) {
      const view = views.current;
      if (view === null) return refusal('ServiceUnavailableException', 'This gateway has no routing yet.', 503);
      const found = routed(request, view);
      if (found === 'undecodable') {
        const isMirrored = view.snapshot.tables.some((table) => table.writes !== 'source');
        return await this.#under(view, NOTHING, () =>
          isMirrored ? askAboutBody(this.parts.stores.source(), request) : this.#passThrough(request),
        );
      }
      if (found === null) return await this.#under(view, NOTHING, () => this.#passThrough(request));
      const isWrite = WRITES.has(request.operation);
      const stopped = isWrite || isStrongRead(request.operation, found.input) ? this.#stopped(found, isWrite) : null;
      if (stopped === null) {
        if (waitingSinceMs !== null) this.#countHeld(view, found, clock.monotonicMs() - waitingSinceMs);
        const watched = isWrite || isStrongRead(request.operation, found.input) ? found.tables : [];
        const call: Call = { parts: this.parts, view, request, input: found.input };
        // What a statement touches is not looked into, so it counts as touching them all.
        const touched = STATEMENT_OPERATIONS.has(request.operation) ? view.snapshot.tables : found.tables;
        const answer = await this.#under(view, { watched, touched }, () => this.#run(call, found));
        if (isWrite && answer.status >= 500)
          for (const table of found.tables) view.traffic(table.planTableId).add('userErrors');
        return answer;
      }
      waitingSinceMs ??= clock.monotonicMs();
      const leftMs =
        stopped.isHeld && !views.isClosing ? stopped.table.holdMsMax - (clock.monotonicMs() - waitingSinceMs) : 0;
      if (leftMs <= 0) {
        view.traffic(stopped.table.planTableId).add('writesRefused');
        this.#countHeld(view, found, clock.monotonicMs() - waitingSinceMs);
        return comeAgain(stopped.table);
      }
      if (!(await this.#waitHeld({ request, place, view, leftMs }))) return comeAgain(stopped.table);
    }
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

  async #under(
    view: RoutingView,
    { watched, touched }: { watched: readonly TableRouting[]; touched: readonly TableRouting[] },
    run: () => Promise<GatewayAnswer>,
  ): Promise<GatewayAnswer> {
    const { views } = this.parts;
    views.begin(view, touched);
    for (const table of watched) views.beginTable(table.planTableId);
    try {
      return await run();
    } finally {
      for (const table of watched) views.endTable(table.planTableId);
      views.end(view, touched);
    }
  }

  async #run(call: Call, found: Routed): Promise<GatewayAnswer> {
    const [table] = found.tables;
    switch (call.request.operation) {
      case 'PutItem':
      case 'UpdateItem':
      case 'DeleteItem':
        return await writeOne(call, table as TableRouting);
      case 'GetItem':
      case 'Query':
      case 'Scan':
        return await readOne(call, table as TableRouting);
      case 'BatchWriteItem':
        return await writeBatch(call);
      case 'BatchGetItem':
        return await readBatch(call);
      case 'TransactWriteItems':
        return await writeTransact(call);
      case 'TransactGetItems':
        return await readTransact(call);
    }
    const isStatement = STATEMENT_OPERATIONS.has(call.request.operation);
    const refused = isStatement ? refuseStatements(call) : refuseUnsafe(call, found.tables);
    return refused ?? (await this.#passThrough(call.request));
  }

  /** The bytes as they came, to the source, and its answer as it came. */
  async #passThrough(request: GatewayRequest): Promise<GatewayAnswer> {
    const store = this.parts.stores.source();
    return answerOf(await store.wire.send(request));
  }
}

function isStrongRead(operation: string, input: Json): boolean {
  if (operation === 'TransactGetItems') return true;
  if (operation === 'GetItem' || operation === 'Query' || operation === 'Scan') return input.ConsistentRead === true;
  if (operation !== 'BatchGetItem') return false;
  const items = member(input, 'RequestItems');
  return isJson(items) && Object.values(items).some((one) => isJson(one) && one.ConsistentRead === true);
}
