import type { StoreKind } from '@/lib/domain/store-kind';
/** Views of what stands around the plans: connections, processes, keys, alerts, people. Part of views.ts. */
/** A month's quota of a connection, as requests of workers and gateways count against it. */
export interface QuotaView {
  requestsPerMonth: number;
  used: number;
  remaining: number;
  /** From where on bulk work waits, so that live traffic has the rest. */
  reserve: number;
  monthStartsAt: string;
  monthEndsAt: string;
  /** At this month's pace; null: not before the month does. */
  endsAt: string | null;
  /** Why bulk work waits now, or what a person should know; null: it lasts. */
  sentence: string | null;
  /** Left at the end of each day so far, and now. */
  points: { atMs: number; remaining: number }[];
}

export interface ConnectionView {
  id: string;
  name: string;
  kind: StoreKind;
  endpoint: string;
  region: string;
  credentialHint: string;
  mayCreateTables: boolean;
  limits: {
    requestsPerSecond: number;
    itemsPerSecond: number;
    readUnitsPerSecond: number | null;
    requestsPerMonth: number | null;
    liveReserveMilli: number;
  };
  probe: {
    at: string;
    ok: boolean;
    sentence: string;
    tried: { what: string; ok: boolean; detail: string; latencyMs: number }[];
    mayRead: boolean | null;
    mayWrite: boolean | null;
    tables: string[] | null;
  } | null;
  usedBy: { planId: string; planName: string }[];
  version: number;
}

export interface DiscoveredTableView {
  name: string;
  itemCount: number;
  sizeBytes: number;
  keySchema: { partition: { name: string; type: string }; sort: { name: string; type: string } | null };
  indexes: { name: string; kind: string }[];
  streamView: string | null;
  ttlAttribute: string | null;
  usedBy: string | null;
}

export interface GatewayView {
  id: string;
  identity: string;
  version: string;
  host: string;
  listen: string;
  connection: string;
  state: 'registered' | 'goodbye' | 'declared_dead';
  /** From its last report; display only: a silent gateway still counts. */
  isSilent: boolean;
  lastSeenAt: string;
  startedAt: string;
  goodbyeAt: string | null;
  acknowledgedEpoch: number;
  currentEpoch: number;
  inFlight: number;
  intentsOpen: number;
  dirtyKnown: number;
  feedAgeMs: number | null;
  unprovenSinceAt: string | null;
  /** False: a development gateway on loopback, which serves whoever asks. */
  verifiesSignatures: boolean;
  tables: { name: string; inFlight: number; intentsOpen: number }[];
  /** Set for a silent gateway and one that was attested to be gone: what passing it by still needs. */
  passing: PassingView | null;
}

export interface PassingView {
  isGone: boolean;
  isDead: boolean;
  /** Who attested, when and why; null: nobody has. */
  attested: { by: string; at: string; reason: string } | null;
  conditions: { condition: string; met: boolean; sentence: string; observed: string }[];
}

export interface WorkerView {
  id: string;
  host: string;
  pid: number;
  version: string;
  state: 'registered' | 'withdrawn' | 'goodbye' | 'exited';
  isSilent: boolean;
  lastSeenAt: string;
  activity: { what: string; planTableId: string }[];
}

/** Another Postgres was found in the place of the one before, and gateways are asked what they obey. */
export interface RecoveryView {
  sinceAt: string;
  reason: string;
  /** Gateways that have not said so yet. */
  waitingFor: string[];
}

export interface ProcessesView {
  gateways: GatewayView[];
  workers: WorkerView[];
  endpoint: string;
  recovery: RecoveryView | null;
}

export interface GatewayKeyView {
  id: string;
  application: string;
  accessKeyId: string;
  tables: string[] | null;
  operations: string[] | null;
  createdAt: string;
  revokedAt: string | null;
}

export interface AlertDestinationView {
  id: string;
  name: string;
  url: string;
  lastTest: { at: string; ok: boolean; sentence: string } | null;
}

export interface PersonView {
  id: string;
  name: string;
  email: string;
  role: 'viewer' | 'operator' | 'approver' | 'admin';
  banned: boolean;
  createdAt: string;
}
