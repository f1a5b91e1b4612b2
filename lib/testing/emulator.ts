/** Both stores in this process, in memory, on free ports: the real shims of the sandbox, so tests speak real HTTP. */
import { randomBytes } from 'node:crypto';
import type { StoreTarget } from '@/lib/adapters/ports';
import { type RunningSource, startSource } from '@/lib/sandbox/source';
import { type RunningTarget, startTarget, type TargetOptions } from '@/lib/sandbox/target';
import { waitFor } from './wait-for';

const REQUEST_MS_MAX = 5_000;

export interface KeyNames {
  partition: { name: string; type: 'S' | 'N' | 'B' };
  sort?: { name: string; type: 'S' | 'N' | 'B' } | null;
}

export interface TestStore<R> {
  running: R;
  endpoint: string;
  adminToken: string;
  /** `<endpoint>/_admin`: with `adminToken` it issues, restricts and revokes keys. */
  adminUrl: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** As adapters want it. */
  target: StoreTarget;
  createTable(name: string, keys: KeyNames): Promise<void>;
  stop(): Promise<void>;
}

function testStore<R extends RunningSource | RunningTarget>(
  running: R,
  options: { kind: StoreTarget['kind']; adminToken: string },
): TestStore<R> {
  const { accessKeyId, secretAccessKey } = running.keys.issue('test', ['read', 'write', 'describe', 'manage']);
  const credentials = { accessKeyId, secretAccessKey };
  const createTable = async (name: string, keys: KeyNames) => {
    const parts = keys.sort ? [keys.partition, keys.sort] : [keys.partition];
    await running.engine.run('CreateTable', {
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: parts.map((part) => ({ AttributeName: part.name, AttributeType: part.type })),
      KeySchema: parts.map((part, index) => ({ AttributeName: part.name, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
    });
    await waitFor(
      async () => {
        const described = (await running.engine.run('DescribeTable', { TableName: name })) as {
          Table: { TableStatus: string };
        };
        return described.Table.TableStatus === 'ACTIVE';
      },
      { what: `table ${name}`, everyMs: 5 },
    );
  };
  return {
    running,
    endpoint: running.endpoint,
    adminToken: options.adminToken,
    adminUrl: `${running.endpoint}/_admin`,
    credentials,
    target: {
      connectionId: `con_test_${options.kind}`,
      kind: options.kind,
      endpoint: running.endpoint,
      region: options.kind === 'dynamodb' ? 'eu-central-1' : 'terrascale',
      credentials,
      timeoutMs: REQUEST_MS_MAX,
    },
    createTable,
    stop: () => running.close(),
  };
}

/** A DynamoDB source in memory; faults by `running.faults`, counts by `running.stats`. */
export async function startTestSource(options: { dataDir?: string } = {}): Promise<TestStore<RunningSource>> {
  const adminToken = randomBytes(16).toString('hex');
  const running = await startSource({ port: 0, adminToken, ...options });
  return testStore(running, { kind: 'dynamodb', adminToken });
}

/** A TerraScale target in memory, without CreateTable unless `allowCreateTable`. */
export async function startTestTarget(
  options: Partial<Pick<TargetOptions, 'dataDir' | 'quota' | 'allowCreateTable'>> = {},
): Promise<TestStore<RunningTarget>> {
  const adminToken = randomBytes(16).toString('hex');
  const running = await startTarget({ port: 0, adminToken, ...options });
  return testStore(running, { kind: 'terrascale', adminToken });
}
