import { formatMs } from '../units';

/** What is known of a gateway that somebody may declare dead (PROTOCOL F4). */
export interface DeadGatewayFacts {
  gone: { by: string; atMs: number } | null;
  /** Keys of stores that it knew, by connection; refused: a probe with it was. */
  keys: readonly { connection: string; hint: string; isRefused: boolean; probe: string | null }[];
  /** Since when all of them are refused; null: one is not. */
  refusedAtMs: number | null;
  deltaMs: number;
  nowMs: number;
  /** Tables that a fence may come to; clean: a full verification that began after all that. */
  tables: readonly { name: string; isClean: boolean }[];
}

export interface DeadCondition {
  condition: 'attested' | 'keys_refused' | 'delta_passed' | 'verified';
  met: boolean;
  sentence: string;
  observed: string;
}

/** The conditions in their order, each with what was observed. Pure: the screen and the act see the same answer. */
export function deadConditions(facts: DeadGatewayFacts): DeadCondition[] {
  const { gone, keys, refusedAtMs, deltaMs, nowMs, tables } = facts;
  const accepted = keys.filter((key) => !key.isRefused);
  const sinceMs = refusedAtMs === null ? null : nowMs - refusedAtMs;
  const unclean = tables.filter((table) => !table.isClean).map((table) => table.name);
  return [
    {
      condition: 'attested',
      met: gone !== null,
      sentence: 'Somebody attested that its machine is gone.',
      observed: gone === null ? 'nobody yet' : `${gone.by}, ${formatMs(nowMs - gone.atMs)} ago`,
    },
    {
      condition: 'keys_refused',
      met: refusedAtMs !== null,
      sentence: 'Every key of the stores that it knew is refused, on both sides.',
      observed:
        keys.length === 0
          ? 'no key is on record yet'
          : accepted.length === 0
            ? `${keys.length} of ${keys.length} refused`
            : accepted.map((key) => `${key.connection} ${key.hint}: ${key.probe ?? 'not probed yet'}`).join('; '),
    },
    {
      condition: 'delta_passed',
      met: sinceMs !== null && sinceMs >= deltaMs,
      sentence: 'No request that it sent before can still be alive.',
      observed:
        sinceMs === null
          ? 'its keys still work'
          : `${formatMs(sinceMs)} since they were refused, at least ${formatMs(deltaMs)} (Δ)`,
    },
    {
      condition: 'verified',
      met: refusedAtMs !== null && unclean.length === 0,
      sentence: 'A full verification that began after that was clean, for each table that has a copy.',
      observed:
        tables.length === 0
          ? 'no table has a copy'
          : unclean.length === 0
            ? `${tables.length} of ${tables.length} tables`
            : `not yet: ${unclean.join(', ')}`,
    },
  ];
}
