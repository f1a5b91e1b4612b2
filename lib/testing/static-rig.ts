/** Both stores of the sandbox and static gateways over them: for tests that need any stage and no Postgres. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createLog } from '@/lib/adapters/log';
import { type StaticRouting, staticRouting } from '@/lib/contracts/static-routing';
import { type RunningStaticGateway, type StaticGatewayOptions, startStaticGateway } from '@/lib/gateway/static/run';
import { startTestSource, startTestTarget } from './emulator';

const REGION = 'eu-central-1';

export type EntryInput = Record<string, unknown>;

/** The stages of a plan as entries of a routing document. */
export const STAGE_ENTRIES = {
  source: { writes: 'source', reads: 'source' },
  dual_write: { writes: 'source_target', reads: 'source' },
  shift_0: { writes: 'source_target', reads: 'share', readShareMilli: 0 },
  shift_50: { writes: 'source_target', reads: 'share', readShareMilli: 50_000 },
  shift_100: { writes: 'source_target', reads: 'share', readShareMilli: 100_000 },
  target_first: { writes: 'target_source', reads: 'target' },
  target: { writes: 'target', reads: 'target' },
} as const satisfies Record<string, EntryInput>;
export type StageName = keyof typeof STAGE_ENTRIES;

export type StaticRig = Awaited<ReturnType<typeof startStaticRig>>;

export async function startStaticRig() {
  const source = await startTestSource();
  const target = await startTestTarget({
    allowCreateTable: true,
    quota: { requestsPerSecond: 1_000_000, requestsPerMonth: 1_000_000_000 },
  });
  const folder = await mkdtemp(join(tmpdir(), 'landfall-static-'));
  const gateways = new Set<RunningStaticGateway>();
  let made = 0;

  const storeOf = ({ target: { endpoint, region, credentials } }: typeof source | typeof target) => ({
    endpoint,
    region,
    credentials,
  });
  const rig = {
    source,
    target,
    folder,
    document: (tables: Record<string, EntryInput>, more: Record<string, unknown> = {}): StaticRouting =>
      staticRouting.parse({
        source: storeOf(source),
        target: { ...storeOf(target), kind: 'terrascale' },
        tables,
        verifySignatures: false,
        mirrorTableOperations: true,
        ...more,
      }),

    async gateway(
      tables: Record<string, EntryInput>,
      given: Partial<Pick<StaticGatewayOptions, 'folder' | 'safeguards' | 'metrics' | 'drainMs'>> & {
        document?: Record<string, unknown>;
      } = {},
    ): Promise<RunningStaticGateway> {
      made += 1;
      const { document, ...rest } = given;
      const gateway = await startStaticGateway({
        folder: join(folder, `gateway-${made}`),
        ...rest,
        ...{ document: rig.document(tables, document), host: '127.0.0.1', port: 0 },
        log: createLog({ process: 'gateway', level: 'silent' }),
        onFatal: (error) => {
          throw error;
        },
      });
      gateways.add(gateway);
      return gateway;
    },

    clientOf: (url: string, credentials = { accessKeyId: 'any', secretAccessKey: 'any' }) =>
      new DynamoDBClient({ endpoint: url, region: REGION, credentials, maxAttempts: 1 }),

    async stop(): Promise<void> {
      for (const gateway of gateways) await gateway.crash().catch(() => {});
      await Promise.all([source.stop(), target.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
  return rig;
}
