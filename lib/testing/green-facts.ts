import { type Facts, PROFILES } from '@/lib/domain/plan/facts';

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

/** Facts under which no gate of any move is unmet; `over` changes what a test is about. */
export function greenFacts(over: Partial<Facts> = {}): Facts {
  return {
    strategy: 'dual_write',
    stage: 'planned',
    version: 1,
    tableName: 'orders',
    nowMs: NOW_MS,
    hold: null,
    openFence: null,
    openBarrier: null,
    goneGateways: [],
    desiredShareMilli: 100_000,
    observedShareMilli: 100_000,
    routableReads: 100_000,
    shareSinceMs: NOW_MS - 48 * HOUR_MS,
    stageSinceMs: NOW_MS - 48 * HOUR_MS,
    approvedShareMilli: 100_000,
    settings: PROFILES.production,
    assessment: { failed: 0, waived: 0, unknown: 0, ranAtMs: NOW_MS - HOUR_MS },
    targetProvenAtMs: NOW_MS - HOUR_MS,
    keyMayWrite: true,
    forecast: { requestsPerMonth: 1, requestsQuotaPerMonth: 10 },
    downtimeAcknowledged: true,
    gateways: { registered: 2, acknowledged: 2, silent: 0 },
    liveChannelAckedAtMs: NOW_MS - HOUR_MS,
    canaryArrivedAtMs: NOW_MS - HOUR_MS,
    stream: null,
    budget: { requestsPerSecond: 100 },
    backfill: { state: 'done', segments: 4, segmentsDone: 4, segmentsFailed: 0, setAside: 0, setAsideAccepted: 0 },
    verification: {
      state: 'done',
      full: true,
      startedAtMs: NOW_MS - HOUR_MS,
      finishedAtMs: NOW_MS - HOUR_MS,
      mismatches: 0,
      compared: 100,
    },
    verifyAgainSinceMs: null,
    dirty: { count: 0, oldestMs: null, waitingForDelta: 0 },
    intentsOpen: 0,
    sourceCanTakeReads: true,
    shadow: null,
    guardrails: [{ name: 'fallback', state: 'ok', sentence: 'fine' }],
    targetProbes: { consistentRead: true, sortOrder: true, atMs: NOW_MS },
    unroutableReads: 0,
    unroutableWindowMs: HOUR_MS,
    signOffs: { done: 6, required: 6 },
    approval: { by: 'Grace', planHash: '', atMs: NOW_MS },
    backupUntilMs: NOW_MS - HOUR_MS,
    sourceTrafficSinceBackup: 0,
    ...over,
  };
}
