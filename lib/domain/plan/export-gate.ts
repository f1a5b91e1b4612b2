import { EXPORT_FUZZ_MS } from '../export/export';
import { formatMs } from '../units';
import type { Facts, GateResult } from './facts';

/**
 * PROTOCOL C2: what was written between the export and the proof of the live channel would be in neither, so the last
 * export has to show a time later than that proof plus Δ. A full export's time is true to a minute only.
 */
export function exportAfterChannel(facts: Facts): Omit<GateResult, 'gate'> {
  const { exportSource, settings } = facts;
  const sentence = 'The export shows the table later than its live channel was proven, by more than Δ.';
  const see = 'backfill' as const;
  if (!exportSource)
    return { met: true, sentence, observed: 'the table is scanned', limit: 'where an export is read', see };
  const fuzzMs = settings.profile === 'rehearsal' ? 0 : EXPORT_FUZZ_MS;
  const marginMs = settings.deltaMs + fuzzMs;
  const limit = `more than ${formatMs(marginMs)} (Δ${fuzzMs > 0 ? ' and the minute that an export may be off' : ''}) after the proof`;
  const found = (met: boolean, observed: string) => ({ met, sentence, observed, limit, see });
  if (exportSource.state === 'exporting') return found(false, 'DynamoDB is still making it');
  if (exportSource.state === 'failed') return found(false, exportSource.failure ?? 'the export failed');
  const proofMs = proofMsOf(facts);
  if (proofMs === null) return found(false, 'the live channel is not proven yet');
  const shownMs = exportSource.shownUntilMs ?? 0;
  const lateMs = shownMs - proofMs;
  if (lateMs > marginMs) return found(true, `it shows ${formatMs(lateMs)} after the proof`);
  const observed =
    lateMs < 0
      ? `it shows ${formatMs(-lateMs)} before the proof: take an incremental export of the time since, or another full one`
      : `it shows only ${formatMs(lateMs)} after the proof`;
  return found(false, observed);
}

/** The last of what makes up the live channel; in big bang the freeze stands for it. */
function proofMsOf({ strategy, liveChannelAckedAtMs, canaryArrivedAtMs, stream }: Facts): number | null {
  if (strategy === 'big_bang') return liveChannelAckedAtMs;
  if (canaryArrivedAtMs === null) return null;
  if (stream === null) return canaryArrivedAtMs;
  return stream.canarySeenAtMs === null ? null : Math.max(canaryArrivedAtMs, stream.canarySeenAtMs);
}
