/** What the screens read of mapped attributes. */
import type { MappingKind, Mappings } from '@/lib/domain/mapping/mapping';

export interface MappingView {
  /** What is mapped; empty: nothing, which is the default. */
  chosen: Mappings;
  /** Attributes that look like epoch numbers by the last assessment; null: not looked at yet. */
  candidates: MappingCandidateView[] | null;
}

export interface MappingCandidateView {
  attribute: string;
  kind: MappingKind;
  /** Sampled items that have it, each with such a number. */
  samples: number;
  /** Earliest and latest, as ISO dates; null: values are not for this role. */
  from: string | null;
  to: string | null;
}
