/**
 * The TerraScale sandbox: its published surface and nothing beyond it. The DynamoDB-compatible endpoint has ten
 * operations, no indexes, 25 entries and 4 MB a request, an API key as access key id (the signature is not looked at);
 * the REST API stands beside it (`rest/`), on the same keys and the same quota, with 429 as problem+json. Reads may come
 * from a region that lags (`region.ts`).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from './dynalite-modules';
import { Engine } from './engine';
import { type Answer, JSON_TYPE, jsonAnswer, throttled } from './fault-http';
import { KeyRing } from './keys';
import { Quota, type QuotaName, type QuotaProfile } from './quota';
import { Region } from './region';
import { keyOf, readKey, tableOf } from './rest/rest-store';
import { RestSurface } from './rest/rest-surface';
import { SqlSwitch } from './rest/sql-switch';
import { accessKeyIdOf } from './sigv4-check';
import { type DataRequest, type RunningStore, StoreServer, type StoreSide } from './store-server';
import { profileOf, TargetAdmin } from './target-admin';

const PUBLISHED = new Set([
  ...['GetItem', 'PutItem', 'DeleteItem', 'UpdateItem', 'Query', 'Scan', 'BatchGetItem', 'BatchWriteItem'],
  ...['TransactGetItems', 'TransactWriteItems'],
]);
const MANAGED = new Set(['CreateTable', 'DeleteTable']);
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;
const TRANSACT_ITEMS_MAX = 25;
const VALIDATION = 'com.amazon.coral.validate#ValidationException';

export interface TargetOptions {
  port: number;
  adminToken: string;
  dataDir?: string;
  quota?: QuotaName | QuotaProfile;
  /** TerraScale's reference does not promise CreateTable and DeleteTable; a deployment may have them. */
  allowCreateTable?: boolean;
}
export interface RunningTarget extends RunningStore {
  keys: KeyRing;
  engine: Engine;
  quota: Quota;
  region: Region;
  sql: SqlSwitch;
  setAllowCreateTable(isAllowed: boolean): void;
  /** A database of the REST API, as an operator makes one in TerraScale's dashboard. */
  createDatabase(databaseId: string): Promise<void>;
}

const validation = (message: string) => jsonAnswer(400, { __type: VALIDATION, message });

/** What this side refuses before the store sees it; the quota is asked last, so that refusals cost nothing. */
function refusal(
  { operation, body }: DataRequest,
  text: string,
  side: { mayCreate: boolean; quota: Quota },
): Answer | null {
  const isKnown = PUBLISHED.has(operation) || (MANAGED.has(operation) && side.mayCreate);
  if (!isKnown) return jsonAnswer(400, { __type: 'com.amazon.coral.service#UnknownOperationException' });
  if (body.length > REQUEST_BYTES_MAX) return validation('The request is larger than 4 MB');
  if (/"IndexName"\s*:/.test(text)) {
    const input = JSON.parse(text) as Json;
    if ('IndexName' in input) return validation('Secondary indexes are not supported: IndexName');
  }
  const verdict = side.quota.take();
  return verdict.ok ? null : throttled(verdict.retryAfterS, verdict);
}

const withoutIndexes = (text: string): Answer | null =>
  /"(Local|Global)SecondaryIndexes"\s*:\s*\[\s*\{/.test(text)
    ? validation('Secondary indexes are not supported')
    : null;

export async function startTarget(options: TargetOptions): Promise<RunningTarget> {
  const { dataDir } = options;
  if (dataDir) mkdirSync(dataDir, { recursive: true });
  const file = (name: string) => (dataDir ? join(dataDir, name) : null);
  const engine = new Engine(dataDir ? { path: join(dataDir, 'data') } : {}, { transactItemsMax: TRANSACT_ITEMS_MAX });
  const keys = new KeyRing(file('keys.json'), 'ts_test_');
  const quota = new Quota(profileOf(options.quota), file('quota.json'));
  const region = new Region(engine);
  const sql = new SqlSwitch(engine);
  const written: Region['written'] = async (writes) => {
    await Promise.all([region.written(writes), sql.written(writes)]);
  };
  const admin = new TargetAdmin({ engine, quota, region, sql }, options.allowCreateTable ?? false);

  const side: StoreSide = {
    name: 'target',
    keys,
    authenticate: ({ request }) => {
      const accessKeyId = accessKeyIdOf(request.headers);
      if (accessKeyId && keys.find(accessKeyId)) return { accessKeyId };
      const __type = 'com.amazon.coral.service#UnrecognizedClientException';
      return jsonAnswer(400, { __type, message: 'The API key is not valid' });
    },
    refuse: (data, text) => refusal(data, text, { mayCreate: admin.mayCreate, quota }),
    execute: async (operation, text) => {
      const refused = operation === 'CreateTable' ? withoutIndexes(text) : null;
      if (refused) return refused;
      const writes = region.lag || sql.lags ? await engine.keysWritten(operation, text) : [];
      const { status, body } = await region.engineFor(operation, text).execute(operation, text);
      if (status === 200 && MANAGED.has(operation)) await region.tableChanged(operation, JSON.parse(text) as Json);
      if (writes.length > 0) await written(writes);
      return { status, headers: { 'content-type': JSON_TYPE }, body };
    },
    admin: (method, path, input) => admin.answer(method, path, input as Json),
    rest: new RestSurface({
      ...{ keys, quota, engine, sql },
      readEngine: () => region.readEngine(),
      written: (databaseId, items) =>
        written(items.map((one) => ({ table: tableOf(databaseId), keys: keyOf(readKey(one, '')) }))),
    }),
  };
  const running = await new StoreServer(side, options.adminToken).listen(options.port);
  const close = async () => {
    await running.close();
    quota.save();
    await Promise.all([region.turnOff(), sql.close()]);
    await engine.close();
  };
  const setAllowCreateTable = (isAllowed: boolean) => {
    admin.mayCreate = isAllowed;
  };
  const createDatabase = (databaseId: string) => admin.createDatabase(databaseId);
  return { ...running, keys, engine, quota, region, sql, setAllowCreateTable, createDatabase, close };
}
