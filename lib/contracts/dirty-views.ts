/** A dirty key whose image the follower refuses for good. */
export interface DeadLetterView {
  id: string;
  key: string;
  cause: string;
  errorType: string;
  reason: string;
  attempts: number;
  firstSeenAt: string;
  deadAt: string;
  parked: { by: string; reason: string; at: string } | null;
}

export interface DeadLettersView {
  /** Those nobody parked first; at most `max`. */
  letters: DeadLetterView[];
  max: number;
  count: number;
  parked: number;
  /** The store that refuses. */
  follower: 'source' | 'target';
}

/** Both images as the stores have them now. `masked` values are shown as their type and size only. */
export interface DeadLetterItemView extends DeadLetterView {
  masked: boolean;
  readAt: string;
  formNote: string | null;
  rows: { attribute: string; class: string; source: string | null; target: string | null }[];
}
