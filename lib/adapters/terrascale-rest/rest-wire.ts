/**
 * TerraScale's REST API behind the port of a store, so that backfill, verification, settling, repair and mirroring go
 * through it as they are. A request comes in DynamoDB's protocol, is decoded, sent as one request of the API and
 * answered in DynamoDB's protocol; items are decoded on the way and never cut (see lib/domain/item/json-data.ts).
 *
 * A table is a database of the API by its name. What items are keyed by must be known first (`know`), because the API's
 * items say `pk` and `sk`. Keys stand in bodies alone: single items are read and deleted through batches of one, since a
 * path with a key in it would stand in the logs of every machine on its way.
 *
 * What the API cannot do is refused by name and never done by halves: conditions but put-if-absent, updates, filters,
 * queries of a part of a partition, indexes, tables. It knows no consistent read either: within a region its reads are
 * consistent, and what else reads see is for a proof of the target to find out.
 */
import { systemClock } from '../clock';
import type { Json } from '../dynamodb/call';
import { parseObject } from '../dynamodb/parse-body';
import type { Clock, KeySchema, StoreTarget, StoreWire, WireOutcome, WireRequest } from '../ports';
import { invalidRequest, notOffered } from './answer';
import { batchGet, getItem, query, scan, transactGet } from './read';
import type { RestCall } from './rest-call';
import { createJsonSender } from './send-json';
import { sqlSelect, sqlTables } from './sql';
import { batchWrite, deleteItem, putItem, transactWrite } from './write';

const OPERATIONS: Record<string, (call: RestCall, input: Json) => Promise<WireOutcome>> = {
  GetItem: getItem,
  BatchGetItem: batchGet,
  Query: query,
  Scan: scan,
  TransactGetItems: transactGet,
  PutItem: putItem,
  DeleteItem: deleteItem,
  BatchWriteItem: batchWrite,
  TransactWriteItems: transactWrite,
  SqlTables: sqlTables,
  SqlSelect: sqlSelect,
};

export function createRestWire(target: StoreTarget, options: { clock?: Clock; ca?: string } = {}): StoreWire {
  const sender = createJsonSender(target, { clock: options.clock ?? systemClock, ca: options.ca });
  const schemas = new Map<string, KeySchema>();
  let inFlight = 0;
  async function send(request: WireRequest): Promise<WireOutcome> {
    const run = request.target === undefined ? OPERATIONS[request.operation] : undefined;
    if (!run) return notOffered(request.operation);
    const input = parseObject(Buffer.from(request.body));
    if (input === null) return invalidRequest('The request is no JSON object.');
    const timeoutMs = request.timeoutMs ?? target.timeoutMs;
    const call: RestCall = {
      schemaOf: (table) => (typeof table === 'string' ? (schemas.get(table) ?? null) : null),
      send: ({ method = 'POST', api = 'items', table, path }, body) =>
        sender.send({
          ...{ method, body, timeoutMs, signal: request.signal },
          path: `${api === 'items' ? '/api/v1' : ''}/databases/${encodeURIComponent(table)}/${api}${path}`,
        }),
    };
    inFlight += 1;
    try {
      return await run(call, input);
    } finally {
      inFlight -= 1;
    }
  }
  return {
    target,
    send,
    know: (table, key) => void schemas.set(table, key),
    inFlight: () => inFlight,
    close: () => sender.close(),
  };
}
