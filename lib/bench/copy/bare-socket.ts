/**
 * What a machine can do at best: the same cuts over bare sockets, signed, with nothing around them. No deadline, no
 * accounting, no pace, no checkpoint, no outcome but "it answered".
 */
import { createHmac, hash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { amzDateOf, signingKey } from '@/lib/adapters/dynamodb/sigv4';
import { readBatch } from '@/lib/adapters/dynamodb/slices/batch-read';
import { writeBody } from '@/lib/adapters/dynamodb/slices/batch-slices';
import { sameImage } from '@/lib/adapters/dynamodb/slices/item-image';
import { KeyWriter, keyPlacesOf } from '@/lib/adapters/dynamodb/slices/item-key';
import { readPage } from '@/lib/adapters/dynamodb/slices/scan-slices';
import type { SlicedItem } from '@/lib/adapters/dynamodb/slices/sliced-item';
import { BENCH_CREDENTIALS, BENCH_REGION, BENCH_SCHEMA, BENCH_TABLE } from './items';
import { chunksOf, pipeline } from './pipeline';
import { BATCH_GET, BATCH_WRITE, type BenchVariant, type ClientInput } from './protocol';

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

/**
 * `confirms`: after each four batches of writes their keys are read back and compared, as the worker does. A verification
 * reads each hundred items of a page on the target and compares them.
 */
export function bareSocketVariant(input: ClientInput, confirms: boolean): BenchVariant {
  const [source, target] = [new BareClient(input.source), new BareClient(input.target)];
  const places = keyPlacesOf(BENCH_SCHEMA, null);
  const keys = new KeyWriter(BENCH_SCHEMA);
  const ask = Buffer.from(JSON.stringify({ TableName: BENCH_TABLE, ConsistentRead: true }));
  const state = { items: 0, found: 0 };

  async function scan(): Promise<readonly SlicedItem[]> {
    const page = readPage(await source.send('Scan', ask), places);
    if (page === null) throw new Error('the page of the stub cannot be read');
    return page.items;
  }

  async function write(entries: readonly SlicedItem[]): Promise<void> {
    await target.send('BatchWriteItem', writeBody({ table: BENCH_TABLE, schema: BENCH_SCHEMA, entries }));
  }

  async function compare(items: readonly SlicedItem[], on: BareClient): Promise<void> {
    let asked = '';
    for (const { keyId } of items) asked += asked === '' ? keys.json(keyId) : `,${keys.json(keyId)}`;
    const body = Buffer.from(`{"RequestItems":{"${BENCH_TABLE}":{"Keys":[${asked}],"ConsistentRead":true}}}`);
    const keyIds = items.map((item) => item.keyId);
    const request = { table: BENCH_TABLE, places, keyIds, expected: items };
    const batch = readBatch(await on.send('BatchGetItem', body), request);
    if (batch === null) throw new Error('the batch of the stub cannot be read');
    for (let at = 0; at < items.length; at += 1) {
      if (!sameImage(items[at] as SlicedItem, batch.items[at] ?? null)) state.found += 1;
    }
  }

  async function group(items: readonly SlicedItem[]): Promise<void> {
    if (input.work === 'backfill') await Promise.all([...chunksOf(items, BATCH_WRITE)].map(write));
    if (input.work === 'verify' || confirms) await compare(items, input.work === 'verify' ? target : source);
    state.items += items.length;
  }

  const size = input.work === 'backfill' && !confirms ? BATCH_WRITE : BATCH_GET;
  return {
    run: (end) =>
      pipeline(end, {
        scan,
        *batches(page) {
          for (const items of chunksOf(page, size)) yield () => group(items);
        },
      }),
    items: () => state.items,
    found: () => state.found,
  };
}
