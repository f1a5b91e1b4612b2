import type { Reads, Stage, Writes } from '@/lib/domain/plan/stages';

/** A table as flags speak of it; `routing` is null where nothing was published for it yet. */
export interface FlagTable {
  planTableId: string;
  planId: string;
  planAlias: string;
  tableAlias: string;
  tableName: string;
  keyType: 'S' | 'N' | 'B';
  salt: string;
  routing: {
    incarnation: number;
    epoch: number;
    stage: Stage;
    writes: Writes;
    authority: 'source' | 'target';
    reads: Reads;
    readShareMilli: number;
    shadowMilli: number;
    fallback: boolean;
  } | null;
}

/** A key of an application that asks for flags, as the web process checks it. */
export interface FlagKeyRow {
  id: string;
  keyHash: string;
  /** Plans that it may ask about; null: all. */
  planIds: string[] | null;
}

export interface FlagKeyView {
  id: string;
  application: string;
  hint: string;
  /** Names of the plans that it may ask about; null: all. */
  plans: string[] | null;
  createdAt: string;
  revokedAt: string | null;
}
