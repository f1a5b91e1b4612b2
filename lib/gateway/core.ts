/**
 * What every gateway is, whoever brings it requests: registration, routing, intents, marks, pipeline, goodbye. `run.ts`
 * puts an HTTP server before it; `lib/client` hands it the requests of the application that it runs inside. Barriers and
 * fences count both alike (PROTOCOL E1), so both are wired here, once.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@/db/client';
import { markDirty } from '@/db/queries/gateway/dirty';
import type { KeyRow } from '@/db/queries/gateway/material';
import type { Clock, Log } from '@/lib/adapters/ports';
import type { Sealer } from '@/lib/adapters/sealing';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import { Admission } from './admission/admission';
import { LoopDelay } from './admission/loop-delay';
import { Control } from './control/control';
import { ShadowSamples } from './control/shadow-samples';
import { TokenShare } from './control/token-share';
import { DirtyFeed } from './dirty/feed';
import { Marks } from './dirty/marks';
import { Intents } from './intents/intents';
import { LIMITS } from './limits';
import { Counters } from './metrics/counters';
import type { Measured } from './metrics/registry';
import type { GatewayAnswer, GatewayRequest } from './pipeline/answer';
import { createPipeline } from './pipeline/create';
import type { ShadowSample } from './pipeline/shadow/recheck';
import { TokenMemory } from './pipeline/tokens';
import { Views } from './pipeline/views';
import { openFolder } from './state/folder';
import { SealedStores } from './stores';

export const GATEWAY_VERSION = '0.1.0';

export interface CoreOptions {
  databaseUrl: string;
  sealer: Sealer;
  /** The source connection, by id or by name. */
  connection: string;
  identity: string;
  /** The state of this gateway lies in `<dataDir>/gateways/<identity>`. */
  dataDir: string;
  clock: Clock;
  log: Log;
  safeguards: SafeguardSet;
  /** Ends the process; a failed sync of the intents does that. */
  onFatal(error: Error): void;
  /** Told the keys of applications, where somebody checks signatures. */
  keys: { update(rows: readonly KeyRow[]): void } | null;
  /** False: requests are served whoever signed them, which the screens show; true where it is left out. */
  verifiesSignatures?: boolean;
}

export interface GatewayCore {
  gatewayId: string;
  /** What its metrics are read from. */
  inside: Measured;
  handle(request: GatewayRequest): Promise<GatewayAnswer>;
  /** Null when it may serve, else why not. */
  notReady(): string | null;
  /** Null when it can serve what comes, else why not: one that is ending still serves. */
  notServing(): string | null;
  /** Registers and begins to obey; resolves once there is routing. `listen` is how screens name the way in. */
  start(listen: string): Promise<void>;
  /**
   * Waits for what is in flight; then goodbye where no intent is open, else `clean: false`, which counts as a crash.
   * `stopped` resolves once nothing new comes in. `release` follows.
   */
  goodbye(stopped: Promise<void>): Promise<{ clean: boolean }>;
  /** For tests: ends as kill -9 would, as far as one process can. */
  die(): Promise<void>;
  /** Gives back folder, pools and sockets; the last call. */
  release(): Promise<void>;
}

/** Opens the state of a gateway and wires its parts. @throws FolderLockedError. */
export async function openCore(options: CoreOptions): Promise<GatewayCore> {
  const { clock, log, safeguards, sealer, onFatal, keys } = options;
  const folder = await openFolder(join(options.dataDir, 'gateways', options.identity));
  const database = openDatabase('gateway', options.databaseUrl);
  const views = new Views();
  const counters = new Counters();
  const loopDelay = new LoopDelay();
  const admission = new Admission(() => loopDelay.sustainedMs());
  const stores = new SealedStores({ sealer, log, counters, clock, safeguards });
  const intents = await Intents.open({
    folder: join(folder.path, 'intents'),
    keysMax: LIMITS.intentKeysMax,
    compactBytes: LIMITS.intentCompactBytes,
    bytesMax: LIMITS.intentLogBytesMax,
    clock,
    log,
    safeguards,
    onFatal,
  }).catch(async (error: unknown) => {
    await database.close();
    folder.release();
    throw error;
  });
  const feed = new DirtyFeed(clock, safeguards);
  const { sql } = database;
  const marks = new Marks({ commit: (rows) => markDirty(sql, rows), intents, feed, views, log, safeguards });
  const common = { views, stores, clock, log, safeguards, intents, admission };
  const samples = new ShadowSamples({ sql, gatewayId: folder.gatewayId, sealer, log });
  const onSample = (sample: ShadowSample) => samples.take(sample);
  const tokens = new TokenMemory(clock);
  const tokenShare = new TokenShare({ sql, sealer, gatewayId: folder.gatewayId, tokens });
  const pipeline = createPipeline({ ...common, marker: marks, dirty: feed, onSample, tokens });
  const control = new Control({
    ...{
      sql,
      folder,
      views,
      clock,
      log,
      safeguards,
      stores,
      keys,
      intents,
      marks,
      feed,
      pipeline,
      samples,
      tokenShare,
    },
  });
  const { connection, identity, verifiesSignatures = true } = options;
  return {
    gatewayId: folder.gatewayId,
    inside: {
      ...{ views, stores, intents, admission, counters, loopDelay },
      notReady: () => control.notReady(),
      dirtyKeys: () => feed.size(),
      database: { routingAgeMs: () => control.routingAgeMs(), feedAgeMs: () => feed.ageMs(), marks },
    },
    handle: (request) => pipeline.handle(request, counters),
    notReady: () => control.notReady(),
    notServing: () => control.notServing(),
    start: (listen) =>
      control.start({
        ...{ connection, identity, verifiesSignatures, onFatal, listen },
        ...{ version: GATEWAY_VERSION, host: hostname() },
      }),
    goodbye: async (stopped) => ({ clean: await control.goodbye(stopped) }),
    async die() {
      stores.kill();
      await control.die();
    },
    async release() {
      loopDelay.stop();
      await stores.close();
      await intents.close().catch(() => {});
      await database.close();
      folder.release();
    },
  };
}
