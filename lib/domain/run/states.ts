/** States of runs and segments, and the classes of a mismatch. */
export const RUN_STATES = ['waiting', 'running', 'paused', 'done', 'failed', 'cancelled'] as const;
export type RunState = (typeof RUN_STATES)[number];
export const SEGMENT_STATES = ['waiting', 'running', 'done', 'failed'] as const;
export type SegmentState = (typeof SEGMENT_STATES)[number];
export const MISMATCH_CLASSES = ['missing', 'extra', 'different', 'type'] as const;
export type MismatchClass = (typeof MISMATCH_CLASSES)[number];

/** `lost`: records were trimmed before they were read; the table must be copied anew. */
export type StreamState = 'opening' | 'open' | 'lost';
/** `skipped`: closed before the position was stored. */
export type ShardState = 'waiting' | 'reading' | 'done' | 'skipped';
