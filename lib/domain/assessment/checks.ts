/** One check of a table's assessment; a failed one blocks the plan until it is fixed or waived by name and reason. */
export interface CheckResult {
  check: CheckName;
  state: 'passed' | 'warned' | 'failed' | 'unknown';
  sentence: string;
  /** What to do about it; empty when passed. */
  fix: string;
  observed: string;
}

export const CHECKS = [
  'source_reachable',
  'target_reachable',
  'target_key_reads',
  'target_key_writes',
  'key_schema',
  'target_structure',
  'item_count',
  'item_size',
  'indexes',
  'streams',
  'ttl',
  'reserved_names',
  'item_types',
  'type_round_trip',
  'mappings',
  'quota',
] as const;
export type CheckName = (typeof CHECKS)[number];
