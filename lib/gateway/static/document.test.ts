import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDocument, routingOfEntry } from './document';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-document-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const store = {
  endpoint: 'http://127.0.0.1:8000',
  region: 'eu-central-1',
  credentials: { accessKeyId: 'id', secretAccessKey: 'very-secret' },
};
const good = {
  source: store,
  target: { ...store, kind: 'terrascale' },
  tables: { '*': { writes: 'source_target', reads: 'share', readShareMilli: 50_000 } },
  verifySignatures: false,
};

async function read(value: unknown) {
  const path = join(folder, 'routing.json');
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  return await readDocument(path);
}

const problemsOf = (value: unknown): Promise<string> =>
  read(value).then(
    () => '',
    (error: Error) => error.message,
  );

describe('a routing document', () => {
  it('becomes the routing that a plan in the same place would have', async () => {
    const document = await read(good);
    const keySchema = { partition: { name: 'pk', type: 'S' as const }, sort: null };
    const routing = routingOfEntry(document.tables['*'] as never, { table: 'orders', keySchema, epoch: 7 });
    expect(routing).toMatchObject({
      ...{ stage: 'shift', authority: 'source', fallback: true, salt: 'orders:v1', readShareMilli: 50_000, epoch: 7 },
    });
  });

  it('names each wrong field and what to do, all at once, and repeats no value', async () => {
    const message = await problemsOf({
      ...good,
      source: { ...store, endpoint: 'ftp://somewhere' },
      target: { ...store, kind: 'cassandra' },
      tables: {
        '*': { writes: 'source', reads: 'share', readShareMilli: 1 },
        orders: { writes: 'both', reads: 'source' },
      },
      verifySignatures: true,
      extra: 1,
    });
    expect(message).toMatch(/source\.endpoint: give an address that begins with http/);
    expect(message).toMatch(/target\.kind: give dynamodb or terrascale/);
    expect(message).toMatch(/tables\.\*\.reads: a share wants both stores written/);
    expect(message).toMatch(/tables\.orders\.writes: give one of source,/);
    expect(message).toMatch(/extra: this field is not known/);
    expect(message).not.toMatch(/very-secret|ftp:|cassandra/);
  });

  it('wants keys of applications, or the word that nobody verifies', async () => {
    expect(await problemsOf({ ...good, verifySignatures: true })).toMatch(/applicationKeys: give at least one key/);
  });

  it('says where its syntax is broken, and that a file is missing', async () => {
    expect(await problemsOf('{"source": }')).toMatch(/is no JSON/);
    await expect(readDocument(join(folder, 'none.json'))).rejects.toThrow(/ENOENT.*give the path of a file/);
  });
});
