/**
 * The TerraScale sandbox: the published surface of the DynamoDB-compatible endpoint and nothing beyond it. Ten
 * operations, no indexes, 25 entries and 4 MB a request, an API key as access key id (the signature is not looked at),
 * quotas with 429 as problem+json.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isClientError, type Json } from './dynalite-modules';
import { Engine } from './engine';
import { type Answer, JSON_TYPE, jsonAnswer, throttled } from './fault-http';
import { KeyRing } from './keys';
import { QUOTA_PROFILES, Quota, type QuotaName, type QuotaProfile } from './quota';
import { accessKeyIdOf } from './sigv4-check';
import { type DataRequest, type RunningStore, StoreServer, type StoreSide } from './store-server';

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
  setAllowCreateTable(isAllowed: boolean): void;
}

const profileOf = (quota: TargetOptions['quota']): QuotaProfile =>
  typeof quota === 'object' ? quota : QUOTA_PROFILES[quota ?? 'demo'];

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
  let mayCreate = options.allowCreateTable ?? false;

  const side: StoreSide = {
    name: 'target',
    keys,
    authenticate: ({ request }) => {
      const accessKeyId = accessKeyIdOf(request.headers);
      if (accessKeyId && keys.find(accessKeyId)) return { accessKeyId };
      const __type = 'com.amazon.coral.service#UnrecognizedClientException';
      return jsonAnswer(400, { __type, message: 'The API key is not valid' });
    },
    refuse: (data, text) => refusal(data, text, { mayCreate, quota }),
    execute: async (operation, text) => {
      const refused = operation === 'CreateTable' ? withoutIndexes(text) : null;
      if (refused) return refused;
      const { status, body } = await engine.execute(operation, text);
      return { status, headers: { 'content-type': JSON_TYPE }, body };
    },
    admin: async (method, path, input) => {
      if (method === 'GET' && path === '/tables') return jsonAnswer(200, await engine.run('ListTables', {}));
      if (method === 'POST' && path === '/tables') {
        try {
          return jsonAnswer(201, await engine.run('CreateTable', input as Json));
        } catch (error) {
          if (isClientError(error)) return jsonAnswer(error.statusCode, error.body);
          throw error;
        }
      }
      if (path !== '/switches') return null;
      if (method === 'PUT') {
        const wanted = input as { allowCreateTable?: boolean; quota?: QuotaName | QuotaProfile };
        if (typeof wanted.allowCreateTable === 'boolean') mayCreate = wanted.allowCreateTable;
        if (wanted.quota !== undefined) quota.setProfile(profileOf(wanted.quota));
      }
      return jsonAnswer(200, { allowCreateTable: mayCreate, quota: quota.profile, usedThisMonth: quota.usedThisMonth });
    },
  };
  const running = await new StoreServer(side, options.adminToken).listen(options.port);
  const close = async () => {
    await running.close();
    quota.save();
    await engine.close();
  };
  const setAllowCreateTable = (isAllowed: boolean) => {
    mayCreate = isAllowed;
  };
  return { ...running, keys, engine, quota, setAllowCreateTable, close };
}
