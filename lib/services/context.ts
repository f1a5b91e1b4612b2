import { randomBytes } from 'node:crypto';
import { type Db, openDatabase, type ProcessKind, type Sql } from '@/db/client';
import { systemClock } from '@/lib/adapters/clock';
import { createLog } from '@/lib/adapters/log';
import type { Clock, Log, StoreTarget, StoreWire } from '@/lib/adapters/ports';
import { createSealer, type Sealer } from '@/lib/adapters/sealing';
import { createWire } from '@/lib/adapters/store-wire';
import { type ID_PREFIXES, makeId } from '@/lib/domain/ids';
import type { Actor } from '@/lib/domain/plan/facts';
import { ALL_SAFEGUARDS, type SafeguardSet } from '@/lib/domain/safeguards';

export type { Actor } from '@/lib/domain/plan/facts';

/** What every verb of the services is given; made once a process by its composition root. */
export interface ServiceContext {
  sql: Sql;
  db: Db;
  /** 32 bytes in hex or base64, for whoever must make a sealer of its own. */
  sealingKey: string;
  sealer: Sealer;
  clock: Clock;
  log: Log;
  safeguards: SafeguardSet;
  /** The folder below which exports may be read; null: none. */
  exportDir: string | null;
  /** A store over HTTP; whoever asks for one closes it. */
  makeWire(target: StoreTarget): StoreWire;
  /** 20 characters of randomness, fit for an id. */
  random(): string;
  newId(kind: keyof typeof ID_PREFIXES): string;
}

export interface ServiceConfig {
  process: ProcessKind;
  databaseUrl: string;
  sealingKey: string;
  log?: Log;
  clock?: Clock;
  safeguards?: SafeguardSet;
  exportDir?: string | undefined;
}

/** The actor of what Landfall does by itself. */
export const SYSTEM: Actor = Object.freeze({ id: 'system', name: 'Landfall', role: 'system' });

/** Opens the pools of a process and makes its context; `close` ends both pools. */
export function createServiceContext(config: ServiceConfig): ServiceContext & { close(): Promise<void> } {
  const { sql, db, close } = openDatabase(config.process, config.databaseUrl);
  return { ...serviceContextOf({ ...config, sql, db }), close };
}

/** The same on pools that somebody else opened and closes. */
export function serviceContextOf(
  config: Omit<ServiceConfig, 'process' | 'databaseUrl'> & { sql: Sql; db: Db; process?: ProcessKind },
): ServiceContext {
  const random = () => randomBytes(10).toString('hex');
  return {
    sql: config.sql,
    db: config.db,
    sealingKey: config.sealingKey,
    sealer: createSealer(config.sealingKey),
    clock: config.clock ?? systemClock,
    log: config.log ?? createLog({ process: config.process ?? 'service' }),
    safeguards: config.safeguards ?? ALL_SAFEGUARDS,
    exportDir: config.exportDir ?? null,
    makeWire: (target) => createWire(target),
    random,
    newId: (kind) => makeId(kind, random()),
  };
}
