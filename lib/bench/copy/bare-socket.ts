/**
 * What a machine can do at best: the same cuts over bare sockets, signed, with nothing around them. No deadline, no
 * accounting, no pace, no checkpoint, no outcome but "it answered".
 */
import { createHmac, hash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { amzDateOf, signingKey } from '@/lib/adapters/dynamodb/sigv4';
import { writeBody } from '@/lib/adapters/dynamodb/slices/batch-slices';
import { keyPlacesOf } from '@/lib/adapters/dynamodb/slices/item-key';
import { readPage } from '@/lib/adapters/dynamodb/slices/scan-slices';
import { BENCH_CREDENTIALS, BENCH_REGION, BENCH_SCHEMA, BENCH_TABLE } from './items';
import { chunksOf, pipeline } from './pipeline';
import { BATCH_WRITE, type BenchVariant, type ClientInput } from './protocol';

const SIGNED = 'content-type;host;x-amz-date;x-amz-target';
const TYPE = 'application/x-amz-json-1.0';

/** Sockets with one request each under way. */
class BareClient {
  readonly #free: Socket[] = [];
  readonly #host: string;

  constructor(endpoint: string) {
    this.#host = new URL(endpoint).host;
  }

  async send(operation: string, body: Buffer): Promise<Buffer> {
    const socket = this.#free.pop() ?? (await this.#open());
    socket.cork();
    socket.write(this.#head(operation, body), 'latin1');
    socket.write(body);
    socket.uncork();
    const answer = await readAnswer(socket);
    this.#free.push(socket);
    return answer;
  }

  #open(): Promise<Socket> {
    return new Promise((done, fail) => {
      const [host = '', port = ''] = this.#host.split(':');
      const socket = connect(Number(port), host, () => done(socket));
      socket.setNoDelay(true);
      socket.on('error', fail);
    });
  }

  #head(operation: string, body: Buffer): string {
    const target = `DynamoDB_20120810.${operation}`;
    const date = amzDateOf(Date.now());
    const canonical =
      `POST\n/\n\ncontent-type:${TYPE}\nhost:${this.#host}\nx-amz-date:${date}\nx-amz-target:${target}\n\n` +
      `${SIGNED}\n${hash('sha256', body, 'hex')}`;
    const scope = { date: date.slice(0, 8), region: BENCH_REGION, service: 'dynamodb' };
    const scopeText = `${scope.date}/${scope.region}/dynamodb/aws4_request`;
    const text = `AWS4-HMAC-SHA256\n${date}\n${scopeText}\n${hash('sha256', canonical, 'hex')}`;
    const key = signingKey(BENCH_CREDENTIALS.secretAccessKey, scope);
    const signature = createHmac('sha256', key).update(text).digest('hex');
    return (
      `POST / HTTP/1.1\r\nhost: ${this.#host}\r\ncontent-type: ${TYPE}\r\nx-amz-target: ${target}\r\n` +
      `x-amz-date: ${date}\r\ncontent-length: ${body.length}\r\nauthorization: AWS4-HMAC-SHA256 ` +
      `Credential=${BENCH_CREDENTIALS.accessKeyId}/${scopeText}, SignedHeaders=${SIGNED}, Signature=${signature}\r\n\r\n`
    );
  }
}

const HEAD_END = Buffer.from('\r\n\r\n');

function readAnswer(socket: Socket): Promise<Buffer> {
  return new Promise((done) => {
    let body: Buffer | null = null;
    let filled = 0;
    const onData = (chunk: Buffer) => {
      if (body === null) {
        const headEnd = chunk.indexOf(HEAD_END);
        const head = chunk.toString('latin1', 0, headEnd);
        const length = Number(/content-length: (\d+)/.exec(head)?.[1]);
        if (chunk.length === headEnd + 4 + length) return finish(chunk.subarray(headEnd + 4));
        body = Buffer.allocUnsafe(length);
        filled = chunk.copy(body, 0, headEnd + 4);
        return;
      }
      filled += chunk.copy(body, filled);
      if (filled === body.length) finish(body);
    };
    const finish = (answer: Buffer) => {
      socket.off('data', onData);
      done(answer);
    };
    socket.on('data', onData);
  });
}

export function bareSocketVariant(input: ClientInput): BenchVariant {
  const [source, target] = [new BareClient(input.source), new BareClient(input.target)];
  const places = keyPlacesOf(BENCH_SCHEMA, null);
  const ask = Buffer.from(JSON.stringify({ TableName: BENCH_TABLE, ConsistentRead: true }));
  let items = 0;
  return {
    run: (end) =>
      pipeline(end, {
        scan: async () => {
          const page = readPage(await source.send('Scan', ask), places);
          if (page === null) throw new Error('the page of the stub cannot be read');
          return page.items;
        },
        *batches(page) {
          for (const entries of chunksOf(page, BATCH_WRITE)) {
            yield async () => {
              await target.send('BatchWriteItem', writeBody({ table: BENCH_TABLE, schema: BENCH_SCHEMA, entries }));
              items += entries.length;
            };
          }
        },
      }),
    items: () => items,
  };
}
