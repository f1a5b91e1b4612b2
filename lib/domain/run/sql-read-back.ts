/**
 * A look at copied keys through SQL. TerraScale's reference offers SQL over the same data for exploration, so this says
 * what somebody who queries would see, and nothing waits for it.
 */
import { formatCount } from '../units';
import { sayShare, upperBound } from './sample';
import type { MismatchClass } from './states';

export const SQL_READ_BACK_ITEMS = 100;

export const SQL_READ_BACK_STATES = ['waiting', 'running', 'done', 'not_offered', 'failed'] as const;
export type SqlReadBackState = (typeof SQL_READ_BACK_STATES)[number];

export interface SqlDifference {
  keyId: string;
  /** Speaks of what SELECT shows: `missing` there, or of other values or types. */
  class: MismatchClass;
  attributes: string[];
  /** Whether the item API of the target shows what DynamoDB holds; if not, a verification names the key too. */
  isItemRight: boolean;
}

/** What became of the drawn keys. Each is in one of the numbers. */
export interface SqlReadBackCounts {
  drawn: number;
  equal: number;
  different: number;
  moving: number;
  expired: number;
  unreadable: number;
}

/** What a look found, with the bound that so many keys support. */
export function sqlReadBackSays(of: SqlReadBackCounts): string {
  const compared = of.equal + of.different;
  const apart = [
    of.moving > 0 ? `${formatCount(of.moving)} were written meanwhile` : null,
    of.expired > 0 ? `${formatCount(of.expired)} had expired` : null,
    of.unreadable > 0 ? `${formatCount(of.unreadable)} could not be read` : null,
  ].filter((part) => part !== null);
  const rest = apart.length > 0 ? ` Of ${formatCount(of.drawn)} drawn keys ${apart.join(', ')}.` : '';
  if (of.drawn === 0) return 'The table has no item to draw, so nothing was read through SQL.';
  if (compared === 0) return `No drawn key could be compared, so nothing is known of SQL.${rest}`;
  const found =
    of.different === 0
      ? `SELECT by key showed all ${formatCount(compared)} as DynamoDB holds them`
      : `SELECT by key showed ${formatCount(of.different)} of ${formatCount(compared)} otherwise than DynamoDB holds them`;
  const bound = sayShare(upperBound({ compared, different: of.different }));
  return `${found}: with 95 % confidence at most ${bound} of all items are shown otherwise.${rest}`;
}

/** What it proves and what not; the same for every look. */
export const SQL_READ_BACK_LIMITS =
  'It proves that SELECT by key showed these items, at that moment and from the region that answered. It does not prove other queries, nor how soon a later write is seen: across regions that is eventual. TerraScale offers SQL for exploration, so this is a check and never a gate.';
