import type { Mappings } from '../mapping/mapping';
import type { StreamState } from '../run/states';
import type { StoreKind } from '../store-kind';
import type { GuardState } from './guardrails';
import type { GateName, Role } from './moves';
import type { HoldKind, Stage, Strategy } from './stages';

/** What is known of a table at one instant; `decide` and the gates read this and nothing else. */
export interface Facts {
  strategy: Strategy;
  stage: Stage;
  version: number;
  tableName: string;
  nowMs: number;
  hold: { kind: HoldKind; reason: string; by: string; sinceMs: number } | null;
  /** Gateways of the connection that are gone, and whether it is proven for this table that they wrote nothing (F4). */
  goneGateways: readonly { identity: string; isProven: boolean }[];
  /** A fence whose step row is open; every other move is refused meanwhile. */
  openFence: { verb: string; step: string } | null;
  /** A barrier (begin_dual_write, abandon) that registered gateways have not all acknowledged. */
  openBarrier: { verb: string; acknowledged: number; registered: number } | null;
  desiredShareMilli: number;
  observedShareMilli: number | null;
  routableReads: number;
  shareSinceMs: number | null;
  stageSinceMs: number;
  approvedShareMilli: number;
  settings: PlanSettings;
  assessment: { failed: number; waived: number; unknown: number; ranAtMs: number | null };
  targetProvenAtMs: number | null;
  keyMayWrite: boolean | null;
  forecast: { requestsPerMonth: number; requestsQuotaPerMonth: number | null } | null;
  downtimeAcknowledged: boolean;
  gateways: { registered: number; acknowledged: number; silent: number };
  /** When the last registered gateway acknowledged dual write (or the freeze). */
  liveChannelAckedAtMs: number | null;
  canaryArrivedAtMs: number | null;
  /** The source's stream where it is read beside the gateways; null: gateways alone carry the live writes. */
  stream: StreamFacts | null;
  /** The export that a backfill would read; null: it scans the table. */
  exportSource: { state: 'exporting' | 'ready' | 'failed'; shownUntilMs: number | null; failure: string | null } | null;
  budget: { requestsPerSecond: number } | null;
  backfill: {
    state: string;
    segments: number;
    segmentsDone: number;
    segmentsFailed: number;
    setAside: number;
    setAsideAccepted: number;
  } | null;
  verification: {
    state: string;
    full: boolean;
    /** Only a verification that began later clears "verify again since". */
    startedAtMs: number | null;
    finishedAtMs: number | null;
    mismatches: number;
    compared: number;
  } | null;
  verifyAgainSinceMs: number | null;
  /** `dead`: of them, those whose image the follower refuses for good; `parked`: of these, those that a person lets wait. */
  dirty: { count: number; oldestMs: number | null; waitingForDelta: number; dead: number; parked: number };
  intentsOpen: number;
  sourceCanTakeReads: boolean | null;
  guardrails: { name: string; state: GuardState; sentence: string }[];
  /** What shadow reads compared lately; null where they are off. */
  shadow: { compared: number; differing: number } | null;
  targetProbes: { consistentRead: boolean; sortOrder: boolean; atMs: number } | null;
  /** How the target is spoken to. */
  targetKind: StoreKind;
  /** Attributes that have another form on the target. */
  mappings: Mappings;
  unroutableReads: number;
  unroutableWindowMs: number;
  signOffs: { done: number; required: number };
  approval: { by: string; planHash: string; atMs: number } | null;
  backupUntilMs: number | null;
  sourceTrafficSinceBackup: number;
}

export interface StreamFacts {
  state: StreamState;
  /** From here on everything is read. */
  positionAtMs: number | null;
  canarySeenAtMs: number | null;
  /** Age of the oldest record whose key is not settled; null: nothing is read yet. */
  lagMs: number | null;
  /** Writes since dual write that no gateway made. */
  besideGateway: number;
  besideLastAtMs: number | null;
  fault: string | null;
}

/** Columns of a plan, set by its profile when the plan is made. Durations are milliseconds. */
export interface PlanSettings {
  profile: 'production' | 'rehearsal';
  /** Δ: the longest life of an abandoned request. */
  deltaMs: number;
  mirrorWaitMsMax: number;
  holdMsMax: number;
  storeTimeoutMs: number;
  fenceDirtyMax: number;
  dirtyCountMax: number;
  recheckDelayMs: number;
  dwellMsByStop: { '1000': number; '10000': number; '50000': number; '100000': number };
  routableReadsMin: number;
  verificationFreshMs: number;
  unroutableWindowMs: number;
  backupMs: number;
  feedAgeMsMax: number;
  approvalMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Defaults of the two profiles. `rehearsal` is refused when the source is not on loopback. */
export const PROFILES: Record<PlanSettings['profile'], PlanSettings> = {
  production: {
    profile: 'production',
    deltaMs: 120_000,
    mirrorWaitMsMax: 250,
    holdMsMax: 2_000,
    storeTimeoutMs: 900,
    fenceDirtyMax: 100,
    dirtyCountMax: 1_000,
    recheckDelayMs: 2_000,
    dwellMsByStop: { '1000': 600_000, '10000': 1_200_000, '50000': 1_800_000, '100000': DAY_MS },
    routableReadsMin: 1_000,
    verificationFreshMs: DAY_MS,
    unroutableWindowMs: DAY_MS,
    backupMs: 30 * DAY_MS,
    feedAgeMsMax: 15_000,
    approvalMs: 4 * HOUR_MS,
  },
  rehearsal: {
    profile: 'rehearsal',
    deltaMs: 3_000,
    mirrorWaitMsMax: 250,
    holdMsMax: 2_000,
    storeTimeoutMs: 900,
    fenceDirtyMax: 100,
    dirtyCountMax: 1_000,
    recheckDelayMs: 500,
    dwellMsByStop: { '1000': 3_000, '10000': 3_000, '50000': 3_000, '100000': 5_000 },
    routableReadsMin: 50,
    verificationFreshMs: DAY_MS,
    unroutableWindowMs: 10_000,
    backupMs: 60_000,
    feedAgeMsMax: 15_000,
    approvalMs: 4 * HOUR_MS,
  },
};

/** One condition of a move with what was observed; the screen shows exactly this. */
export interface GateResult {
  gate: GateName;
  met: boolean;
  sentence: string;
  observed: string;
  limit: string;
  /** Where the cause can be seen: a page of the table, relative to it. */
  see: 'overview' | 'backfill' | 'verification' | 'traffic' | 'assessment' | 'gateways' | 'checklist' | 'connections';
}

export interface Actor {
  id: string;
  name: string;
  role: Role | 'system';
}
