/**
 * Two stores for the gateway bench in one process, on bare sockets so that they cost little: what is put is kept, and
 * read back as it was put, because a confirming read must find the image. Signatures are not looked at. Input: nothing;
 * its first line names the ports. `GET /` answers what each store has seen and whether both hold the same.
 */
import { createServer, type Socket } from 'node:net';
import { crc32 } from 'node:zlib';

type Json = { [name: string]: unknown };

const REQUEST_ID = 'LANDFALLBENCH0000000000000000000000000000000000000000';
const EMPTY = Buffer.from('{}');

interface Store {
  port: number;
  /** Items as they were put, by table and key, in JSON. */
  items: Map<string, string>;
  seen: Record<string, number>;
}

const keyOf = (table: unknown, item: Json): string => `${String(table)} ${JSON.stringify((item as { pk: Json }).pk)}`;

function apply(store: Store, operation: string, body: Buffer): Buffer {
  const input = JSON.parse(body.toString()) as Json;
  const table = input.TableName;
  switch (operation) {
    case 'PutItem': {
      const item = input.Item as Json;
      store.items.set(keyOf(table, item), JSON.stringify(item));
      return EMPTY;
    }
    case 'GetItem': {
      const item = store.items.get(keyOf(table, input.Key as Json));
      return item === undefined ? EMPTY : Buffer.from(`{"Item":${item}}`);
    }
    case 'BatchWriteItem': {
      for (const [name, entries] of Object.entries(input.RequestItems as Record<string, Json[]>)) {
        for (const entry of entries) {
          const item = (entry.PutRequest as { Item: Json }).Item;
          store.items.set(keyOf(name, item), JSON.stringify(item));
        }
      }
      return Buffer.from('{"UnprocessedItems":{}}');
    }
    case 'BatchGetItem': {
      const [[name, asked]] = Object.entries(input.RequestItems as Record<string, { Keys: Json[] }>) as [
        [string, { Keys: Json[] }],
      ];
      const found = asked.Keys.map((key) => store.items.get(keyOf(name, key))).filter((one) => one !== undefined);
      return Buffer.from(`{"Responses":{${JSON.stringify(name)}:[${found.join(',')}]},"UnprocessedKeys":{}}`);
    }
    default:
      throw new Error(`the bench's store does not know ${operation}`);
  }
}

/** Requests to a table of this name are answered from prepared bytes, so that the stub is not what is measured. */
const PLAIN_TABLE = Buffer.from('"bench-source"');
const plainAnswers = new Map<string, Buffer>();

function answer(body: Buffer): Buffer {
  const head =
    `HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nx-amzn-requestid: ${REQUEST_ID}\r\n` +
    `x-amz-crc32: ${crc32(body)}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

function answerTo(store: Store, head: string, body: Buffer): Buffer {
  const operation = /x-amz-target: *[^.\r]*\.(\w+)/i.exec(head)?.[1] ?? '';
  store.seen[operation] = (store.seen[operation] ?? 0) + 1;
  const plain = plainAnswers.get(operation);
  if (plain !== undefined && body.includes(PLAIN_TABLE)) return plain;
  return answer(apply(store, operation, body));
}

function serve(store: Store, stats: () => Json): Promise<void> {
  const onSocket = (socket: Socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    let got: Buffer | null = null;
    socket.on('data', (chunk) => {
      let bytes: Buffer = got === null ? chunk : Buffer.concat([got, chunk]);
      got = null;
      while (bytes.length > 0) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end === -1) break;
        const head = bytes.toString('latin1', 0, end);
        if (head.startsWith('GET ')) {
          socket.end(answer(Buffer.from(JSON.stringify(stats()))));
          return;
        }
        const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
        if (bytes.length < end + 4 + length) break;
        socket.write(answerTo(store, head, bytes.subarray(end + 4, end + 4 + length)));
        bytes = bytes.subarray(end + 4 + length);
      }
      if (bytes.length > 0) got = bytes;
    });
  };
  return new Promise((done) => {
    const server = createServer(onSocket);
    server.listen(0, '127.0.0.1', () => {
      store.port = (server.address() as { port: number }).port;
      done();
    });
  });
}

const source: Store = { port: 0, items: new Map(), seen: {} };
const target: Store = { port: 0, items: new Map(), seen: {} };
const dual = (store: Store) => [...store.items].filter(([key]) => key.startsWith('bench-dual '));
const stats = (): Json => ({
  source: source.seen,
  target: target.seen,
  items: dual(source).length,
  unequal: dual(source).filter(([key, item]) => target.items.get(key) !== item).length,
});

let input = '';
for await (const chunk of process.stdin) input += chunk;
const { item } = JSON.parse(input) as { item: Json };
plainAnswers.set('GetItem', answer(Buffer.from(JSON.stringify({ Item: item }))));
plainAnswers.set('PutItem', answer(EMPTY));
await serve(source, stats);
await serve(target, stats);
process.stdout.write(`${JSON.stringify({ ready: true, source: source.port, target: target.port })}\n`);
process.on('SIGTERM', () => process.exit(0));
