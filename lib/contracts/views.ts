/**
 * What the GET routes answer and the screens read. Wire dates are ISO strings; durations are milliseconds; shares are
 * thousandths of a percent. Types, not parsers: both ends are ours and built together.
 */

import type { CheckResult } from '@/lib/domain/assessment/checks';
import type { TypeRoundTrip } from '@/lib/domain/assessment/round-trip/report';
import type { ChecklistItem } from '@/lib/domain/plan/checklist';
import type { Badge } from '@/lib/domain/plan/display';
import type { GateResult, PlanSettings } from '@/lib/domain/plan/facts';
import type { GuardMode } from '@/lib/domain/plan/guard-rules';
import type { Guardrail, GuardState } from '@/lib/domain/plan/guardrails';
import type { Move, Verb } from '@/lib/domain/plan/moves';
import type { HoldKind, LiveChannel, Stage, Strategy, Writes } from '@/lib/domain/plan/stages';
import type { Step } from '@/lib/domain/plan/steps';
import type { RecoveryView } from './console-views';
import type { MappingView } from './mapping-views';

export type * from './console-views';
export type * from './dirty-views';
export type * from './mapping-views';
export type * from './run-views';
export type * from './shadow-views';
export type * from './source-views';

export interface MeView {
  id: string;
  name: string;
  email: string;
  role: 'viewer' | 'operator' | 'approver' | 'admin';
}

/** Three numbers for every change: desired, acknowledged n/N, observed. */
export interface ShareView {
  desiredMilli: number;
  acknowledged: number;
  registered: number;
  /** Gateways by name that have not acknowledged the epoch of this table. */
  lagging: string[];
  /** Null: no reads yet. */
  observedMilli: number | null;
  routableReads: number;
  unroutableReads: number;
  strongReads: number;
  windowMs: number;
  sinceAt: string | null;
}

export interface TableRowView {
  planId: string;
  planName: string;
  tableId: string;
  name: string;
  strategy: Strategy;
  stage: Stage;
  badge: Badge;
  sentence: string;
  hold: { kind: HoldKind; reason: string; by: string; sinceAt: string } | null;
  share: ShareView;
  dirty: { count: number; oldestMs: number | null };
  mismatches: number;
  /** Worst guardrail, or null where none has data or applies. */
  guardrail: { state: GuardState; sentence: string } | null;
  rate: {
    itemsPerSecond: number;
    done: number;
    total: number;
    isEstimate: boolean;
    etaMs: [number, number] | null;
  } | null;
  lastChange: { by: string; at: string } | null;
  /** What needs a person now, in words; null: nothing. */
  needs: string | null;
}

export interface FleetView {
  tables: TableRowView[];
  counts: { needsPerson: number; moving: number; done: number };
  /** Another Postgres is in the place of the one before: no table is moved; null: it is the one that it was. */
  recovery: RecoveryView | null;
  at: string;
}

export interface MoveView {
  verb: Verb;
  label: string;
  says: string;
  kind: Move['kind'];
  way: Move['way'];
  confirm: Move['confirm'];
  needsApproval: boolean;
  pointOfNoReturn: boolean;
  allowed: boolean;
  /** Why not, in one sentence, when not allowed. */
  refusal: string | null;
  gates: GateResult[];
  steps: Step[];
  planHash: string | null;
  approval: { by: string; at: string; expiresAt: string; current: boolean } | null;
}

export interface FenceView {
  id: string;
  verb: Verb;
  step: string;
  openedBy: string;
  openedAt: string;
  boundAt: string;
  pauseMs: number | null;
  abortedReason: string | null;
}

/** A guardrail as it is looked at now, with what it may do by itself. */
export interface GuardrailView extends Guardrail {
  title: string;
  /** Modes that an approver may choose; one of them means that there is nothing to choose. */
  modes: readonly GuardMode[];
}

export interface TableView extends TableRowView {
  version: number;
  targetName: string;
  liveChannel: LiveChannel;
  wave: number;
  keySchema: { partition: { name: string; type: string }; sort: { name: string; type: string } | null };
  shape: {
    itemCount: number;
    sizeBytes: number;
    indexes: { name: string; kind: string }[];
    streamView: string | null;
    ttlAttribute: string | null;
    at: string;
  };
  settings: PlanSettings;
  writes: Writes;
  epoch: number;
  stageSinceAt: string;
  verifyAgain: { sinceAt: string; reason: string } | null;
  moves: MoveView[];
  recovery: RecoveryView | null;
  fence: FenceView | null;
  lastFence: FenceView | null;
  barrier: { verb: string; acknowledged: number; registered: number; openedAt: string } | null;
  guardrails: GuardrailView[];
  backup: { sinceAt: string; untilAt: string; sourceRefusalProvenAt: string | null; sourceTraffic: number } | null;
  /** Highest share that a forward shift may reach now, for the slider's End key. */
  shareCeilingMilli: number;
  assessment: {
    checks: CheckResult[];
    at: string | null;
    waivers: { check: string; by: string; reason: string; at: string }[];
  };
  forecast: {
    requestsPerMonth: number;
    requestsQuotaPerMonth: number | null;
    hours: number;
    bindsFirst: string;
  } | null;
  targetProof: { at: string; detail: string } | null;
  typeRoundTrip: (Omit<TypeRoundTrip, 'atMs'> & { at: string }) | null;
  mapping: MappingView;
}

export interface PlanView {
  id: string;
  name: string;
  strategy: Strategy;
  settings: PlanSettings;
  source: { id: string; name: string; endpoint: string };
  target: { id: string; name: string; endpoint: string };
  createdBy: string;
  createdAt: string;
  version: number;
  tables: TableRowView[];
  checklist: { done: number; required: number };
  /** `PLAN.TABLE` of each table, by alias: the first two parts of its flags. */
  flags: { tableName: string; name: string }[];
  promises: string[];
}

export interface TrafficPoint {
  at: string;
  readsSource: number | null;
  readsTarget: number | null;
  readsFallback: number | null;
  writes: number | null;
  mirrored: number | null;
  mirrorFailed: number | null;
  sourceErrors: number | null;
  targetErrors: number | null;
  userErrors: number | null;
  sourceP50Ms: number | null;
  sourceP95Ms: number | null;
  sourceP99Ms: number | null;
  targetP50Ms: number | null;
  targetP95Ms: number | null;
  targetP99Ms: number | null;
  /** Items that shadow reads compared, and those that stayed different; reads dropped over their bounds. */
  shadowCompared: number | null;
  shadowDiffering: number | null;
  shadowDropped: number | null;
  /** Differing of compared, in percent; null where nothing was compared. */
  shadowPercent: number | null;
  shadowSourceP50Ms: number | null;
  shadowSourceP95Ms: number | null;
  shadowSourceP99Ms: number | null;
  shadowTargetP50Ms: number | null;
  shadowTargetP95Ms: number | null;
  shadowTargetP99Ms: number | null;
  observedMilli: number | null;
  dirty: number | null;
  dirtyOldestMs: number | null;
  itemsPerSecond: number | null;
}

/** Rates are per second over `stepMs`; a gap is null, never zero. */
export interface TrafficView {
  points: TrafficPoint[];
  stepMs: number;
  fromAt: string;
  toAt: string;
  marks: { at: string; label: string; kind: 'epoch' | 'stage' | 'hold' }[];
  dirtyKeys: {
    key: string;
    cause: string;
    ageMs: number;
    attempts: number;
    hot: boolean;
    holdUntilAt: string | null;
  }[];
}

export interface EventView {
  id: string;
  kind: string;
  sentence: string;
  actorKind: 'person' | 'system' | 'guardrail';
  actor: string;
  before: unknown;
  after: unknown;
  reason: string | null;
  epoch: number | null;
  planId: string | null;
  planTableId: string | null;
  tableName: string | null;
  at: string;
}

export interface ActivityView {
  events: EventView[];
  /** Pass it back to get older ones. */
  before: string | null;
  chain: { verified: boolean; entries: number; sentence: string };
}

export interface ChecklistItemView {
  item: ChecklistItem;
  title: string;
  /** Whether the fact is there; without it nobody can sign. */
  factMet: boolean;
  evidence: { label: string; value: string; met: boolean }[];
  signOff: { id: string; by: string; at: string; note: string | null } | null;
  lapsed: { by: string; at: string; lapsedAt: string; reason: string } | null;
  /** What a person has to supply here beside signing. */
  asks: 'nothing' | 'alert' | 'rollback_document' | 'trained_people';
  supplied: string | null;
}

export interface ChecklistView {
  planId: string;
  planName: string;
  items: ChecklistItemView[];
  done: number;
  required: number;
}

/** What an action answers; never thrown to the browser. */
export type ActionResult<T> =
  | { ok: true; data: T }
  | {
      ok: false;
      code: string;
      message: string;
      fields?: Record<string, string>;
      gates?: GateResult[];
      requestId?: string;
    };
