/** Why a key may differ between the stores. */
export const DIRTY_CAUSES = [
  'mirror_failed',
  'unknown_outcome',
  'confirm_differed',
  'stream_record',
  'export_record',
  'read_missed',
  'mismatch',
  'unclean_exit',
  'restart',
  'take_over',
  'operator',
] as const;
export type DirtyCause = (typeof DIRTY_CAUSES)[number];
