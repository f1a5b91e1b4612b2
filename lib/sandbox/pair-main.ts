/**
 * `npm run sandbox -- --write FILE.json`: both stores of the sandbox in memory, and the routing document of a gateway
 * over them. What they held is gone when they end.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { announceReady, closeOnSignal } from './shutdown';
import { startSource } from './source';
import { startTarget } from './target';

const { values } = parseArgs({
  options: {
    write: { type: 'string' },
    'source-port': { type: 'string', default: '8081' },
    'target-port': { type: 'string', default: '8082' },
  },
});
const adminToken = randomBytes(16).toString('hex');
const source = await startSource({ port: Number(values['source-port']), adminToken });
const quota = { requestsPerSecond: 1_000_000, requestsPerMonth: 1_000_000_000 };
const target = await startTarget({ port: Number(values['target-port']), adminToken, allowCreateTable: true, quota });
closeOnSignal(async () => {
  await Promise.all([source.close(), target.close()]);
});

const storeOf = ({ endpoint, keys }: typeof source | typeof target, region: string) => {
  const { accessKeyId, secretAccessKey } = keys.issue('sandbox', ['read', 'write', 'describe', 'manage']);
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
};
const document = {
  source: storeOf(source, 'eu-central-1'),
  target: { ...storeOf(target, 'terrascale'), kind: 'terrascale' },
  tables: { '*': { writes: 'source_target', reads: 'share', readShareMilli: 50_000, sortOrderProven: true } },
  verifySignatures: false,
  mirrorTableOperations: true,
};
if (values.write !== undefined) {
  await writeFile(values.write, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });
}
announceReady({ source: source.endpoint, target: target.endpoint, routing: values.write ?? null, adminToken });
