/**
 * The differential runner: every case once direct against each store, then through a gateway in each stage, answers
 * compared byte by byte. Where the target is the authority the target's own answer is what counts, but for what stays
 * with the source there: indexes, PartiQL, and everything that is no operation on items.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@/lib/adapters/log';
import { staticRouting } from '@/lib/contracts/static-routing';
import { startStaticGateway } from '@/lib/gateway/static/run';
import { startTestSource, startTestTarget } from '../emulator';
import { STAGE_ENTRIES, type StageName } from '../static-rig';
import type { Case, Step } from './case';
import { legacy } from './cases/legacy';
import { reads } from './cases/reads';
import { others, refusals } from './cases/refusals';
import { batches, transactions } from './cases/several';
import { values } from './cases/values';
import { writes } from './cases/writes';
import { difference } from './compare';
import { type Answers, makeTables, runCases } from './run-cases';
import { type Endpoint, type StoreClient, storeClient } from './store-client';
import { unequalTables } from './unequal-tables';

export const CASES: readonly Case[] = [
  ...values,
  ...writes,
  ...legacy,
  ...reads,
  ...batches,
  ...transactions,
  ...refusals,
  ...others,
];

const SETTLED_WAIT_MS_MAX = 10_000;
const ENTRY = { sortOrderProven: true, deltaMs: 300, storeTimeoutMs: 10_000, mirrorWaitMsMax: 2_000 };

export interface TransparencyOptions {
  stages: readonly StageName[];
  cases?: readonly Case[];
  /** The source; without it the embedded one. */
  source?: Endpoint;
  /** For the proof that a fault is found: what stands between runner and gateway. */
  before?: (gatewayUrl: string) => Promise<{ url: string; close(): Promise<void> }>;
  say?: (line: string) => void;
}

export interface Failure {
  stage: StageName;
  name: string;
  what: string;
}
export interface TransparencyResult {
  passed: number;
  failures: Failure[];
}

interface Stores {
  source: Endpoint;
  target: Endpoint;
  stop(): Promise<void>;
}

export async function runTransparency(options: TransparencyOptions): Promise<TransparencyResult> {
  const cases = options.cases ?? CASES;
  const say = options.say ?? (() => {});
  const folder = await mkdtemp(join(tmpdir(), 'landfall-transparency-'));
  const run = `tr${Date.now().toString(36).slice(-5)}`;
  const result: TransparencyResult = { passed: 0, failures: [] };
  try {
    const direct = await runDirect(options, cases, run);
    for (const [at, stage] of options.stages.entries()) {
      const began = performance.now();
      const prefix = `${run}_${at + 2}_`;
      const { answers, unequal } = await runStage(options, { stage, cases, prefix, folder: join(folder, stage) });
      const byValue = options.source !== undefined;
      const failures = compareAll({ stage, cases, direct, answers, prefix, byValue });
      if (unequal !== null) failures.push({ stage, name: 'both stores are equal at the end', what: unequal });
      result.failures.push(...failures);
      result.passed += cases.length + 1 - failures.length;
      say(
        `${stage.padEnd(14)} ${cases.length + 1 - failures.length} passed, ${failures.length} failed, ${Math.round(performance.now() - began)} ms`,
      );
      for (const { name, what } of failures) say(`  FAILED ${stage}: ${name}\n    ${what}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return result;
}

interface Direct {
  source: { answers: Answers; prefix: string };
  target: { answers: Answers; prefix: string };
}

async function runDirect(options: TransparencyOptions, cases: readonly Case[], run: string): Promise<Direct> {
  const stores = await startStores(options);
  const one = async (endpoint: Endpoint, of: { prefix: string; isSource: boolean }) => {
    const client = storeClient(endpoint);
    await makeTables(client, { prefix: of.prefix, hasIndexes: of.isSource, canDescribe: of.isSource });
    const answers = await runCases(client, cases, of.prefix);
    client.close();
    return { answers, prefix: of.prefix };
  };
  try {
    return {
      source: await one(stores.source, { prefix: `${run}_0_`, isSource: true }),
      target: await one(stores.target, { prefix: `${run}_1_`, isSource: false }),
    };
  } finally {
    await stores.stop();
  }
}

async function runStage(
  options: TransparencyOptions,
  of: { stage: StageName; cases: readonly Case[]; prefix: string; folder: string },
): Promise<{ answers: Answers; unequal: string | null }> {
  const { stage, cases, prefix, folder } = of;
  const stores = await startStores(options);
  const log = createLog({ process: 'gateway', level: 'silent' });
  const { source, target } = stores;
  const document = staticRouting.parse({
    source: { endpoint: source.url, region: source.region, credentials: source.credentials },
    target: { endpoint: target.url, region: target.region, credentials: target.credentials, kind: 'terrascale' },
    tables: { '*': { ...STAGE_ENTRIES[stage], ...ENTRY } },
    verifySignatures: false,
    mirrorTableOperations: true,
  });
  const gateway = await startStaticGateway({
    ...{ document, folder, host: '127.0.0.1', port: 0, log },
  });
  const between = await options.before?.(gateway.url);
  const client = storeClient({ url: between?.url ?? gateway.url, region: 'any', credentials: source.credentials });
  const clients: StoreClient[] = [client, storeClient(source), storeClient(target)];
  try {
    await makeTables(clients[1] as StoreClient, { prefix, hasIndexes: true, canDescribe: true });
    await makeTables(clients[2] as StoreClient, { prefix, hasIndexes: false, canDescribe: false });
    const answers = await runCases(client, cases, prefix);
    const isMirrored = stage !== 'source' && stage !== 'target';
    const unequal = isMirrored ? await unsettled(gateway, clients, prefix) : null;
    return { answers, unequal };
  } finally {
    for (const one of clients) one.close();
    await between?.close();
    await gateway.close();
    await stores.stop();
  }
}

/** What keeps the stores from being equal once nothing is dirty; null: they are. */
async function unsettled(
  gateway: { dirty(): number },
  clients: readonly StoreClient[],
  prefix: string,
): Promise<string | null> {
  const deadlineAt = performance.now() + SETTLED_WAIT_MS_MAX;
  while (gateway.dirty() > 0) {
    if (performance.now() > deadlineAt) {
      const what = await unequalTables(clients[1] as StoreClient, clients[2] as StoreClient, prefix);
      return `${gateway.dirty()} keys are still dirty: ${what ?? 'but both stores are equal'}`;
    }
    await new Promise<void>((done) => setTimeout(done, 20));
  }
  return await unequalTables(clients[1] as StoreClient, clients[2] as StoreClient, prefix);
}

function compareAll(of: {
  stage: StageName;
  cases: readonly Case[];
  direct: Direct;
  answers: Answers;
  prefix: string;
  byValue: boolean;
}): Failure[] {
  const { stage, cases, direct, answers, prefix, byValue } = of;
  return cases.flatMap(({ name, steps, better }, at) => {
    if (better?.in.includes(stage)) return [];
    for (const [index, step] of steps.entries()) {
      const reference = direct[referenceOf(stage, step)];
      const before = { answer: reference.answers[at]?.[index] as never, prefix: reference.prefix };
      const after = { answer: answers[at]?.[index] as never, prefix };
      const what = refusedOfItself(stage, step)
        ? ownRefusal(after.answer)
        : difference(before, after, { operation: step.operation, byValue });
      if (what !== null) return [{ stage, name, what: `step ${index + 1}, ${step.operation}: ${what}` }];
    }
    return [];
  });
}

const ITEM_OPERATIONS = /^((Get|Put|Update|Delete)Item|Query|Scan|Batch(Get|Write)Item|Transact(Get|Write)Items)$/;
const usesIndex = ({ body }: Step): boolean => /"IndexName":"/.test(body.toString());

function referenceOf(stage: StageName, step: Step): 'source' | 'target' {
  if (stage !== 'target' && stage !== 'target_first') return 'source';
  if (!ITEM_OPERATIONS.test(step.operation) || step.target !== undefined) return 'source';
  return usesIndex(step) ? 'source' : 'target';
}

/** The table has left DynamoDB: its indexes are no more, and the gateway says so itself (PROTOCOL R2). */
const refusedOfItself = (stage: StageName, step: Step): boolean => stage === 'target' && usesIndex(step);

const ownRefusal = ({ status, body }: { status: number; body: Buffer }): string | null =>
  status === 400 && /ValidationException/.test(body.toString()) ? null : `an index was read from ${status} ${body}`;

async function startStores(options: TransparencyOptions): Promise<Stores> {
  const target = await startTestTarget({
    allowCreateTable: true,
    quota: { requestsPerSecond: 1_000_000, requestsPerMonth: 1_000_000_000 },
  });
  const targetEnd = { url: target.endpoint, region: 'terrascale', credentials: target.credentials };
  if (options.source !== undefined) return { source: options.source, target: targetEnd, stop: () => target.stop() };
  const source = await startTestSource();
  return {
    source: { url: source.endpoint, region: 'eu-central-1', credentials: source.credentials },
    target: targetEnd,
    stop: async () => {
      await Promise.all([source.stop(), target.stop()]);
    },
  };
}
