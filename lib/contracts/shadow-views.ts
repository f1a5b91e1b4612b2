/** What the screens read of shadow reads. Wire dates are ISO strings; shares are thousandths of a percent. */
import type { MismatchClass } from '@/lib/domain/run/states';

export interface ShadowSampleRowView {
  id: string;
  key: string;
  /** Speaks of TerraScale: `missing` there, or only there (`extra`). */
  class: MismatchClass;
  attributes: { attribute: string; class: MismatchClass }[];
  answeredBy: 'source' | 'target';
  operation: string;
  epoch: number;
  /** `healing`: marked, and a settle makes it equal; `settled`: its mark has gone; `waits`: a person decides. */
  state: 'healing' | 'settled' | 'waits';
  repairedBy: string | null;
  /** The repair deletes an item, which an approver must ask for. */
  repairDeletes: 'source' | 'target' | null;
  seen: number;
  firstSeenAt: string;
  lastSeenAt: string;
}

/** Both images as they were when the difference was confirmed. */
export interface ShadowSampleView extends ShadowSampleRowView {
  masked: boolean;
  formNote: string | null;
  rows: { attribute: string; class: MismatchClass | 'equal'; source: string | null; target: string | null }[];
}

export interface ShadowView {
  milli: number;
  /** Stages in which gateways repeat reads at all. */
  isPossible: boolean;
  /** Counts over the last ten minutes; items unless said otherwise. */
  window: {
    ms: number;
    /** Reads that were repeated, dropped over their bounds, and not answered. */
    reads: number;
    dropped: number;
    failed: number;
    compared: number;
    /** Not compared: dirty, in flight, or without a key in the answer. */
    skipped: number;
    expired: number;
    /** Different at first and equal at the recheck. */
    settled: number;
    classes: Record<MismatchClass, number>;
  };
  samples: ShadowSampleRowView[];
  /** Samples kept by class, of at most so many each. */
  kept: Record<MismatchClass, number>;
  keptMax: number;
}
