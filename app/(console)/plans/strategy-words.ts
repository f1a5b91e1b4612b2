import type { Strategy } from '@/lib/domain/plan/stages';

interface StrategyWords {
  label: string;
  says: string;
  pros: readonly string[];
  cons: readonly string[];
  fits: string;
}

/** The three strategies with what each costs. */
export const STRATEGY_WORDS: Record<Strategy, StrategyWords> = {
  dual_write: {
    label: 'Dual write',
    says: 'Every write goes to both stores while what is there is copied; reads move by share, then the authority flips.',
    pros: ['No downtime', 'Reads go back to DynamoDB in one action', 'Each step is observed before the next'],
    cons: [
      'Every write is made twice while it lasts',
      'Writes wait for TerraScale up to the mirror wait',
      'Lasts days in production, for its dwell times',
    ],
    fits: 'Tables that an application writes all the time.',
  },
  incremental: {
    label: 'Incremental by table',
    says: 'The same for many tables, ordered in waves; each table has its own dual-write cycle.',
    pros: ['Small tables first, with little at stake', 'One table in trouble holds nothing else up', 'No downtime'],
    cons: ['Takes longest over all', 'Transactions across tables of different waves must wait for the last of them'],
    fits: 'Many tables, or a first migration.',
  },
  big_bang: {
    label: 'Big bang',
    says: 'Writes stop, everything is copied and verified, and the application goes on with TerraScale.',
    pros: ['Simple: one direction, no double writes', 'Cheapest in requests'],
    cons: ['Writes are refused for the whole copy and its verification', 'All reads move at once'],
    fits: 'Small tables with a maintenance window.',
  },
};
