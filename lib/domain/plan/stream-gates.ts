import { formatCount, formatMs } from '../units';
import type { Facts, GateResult, StreamFacts } from './facts';
import type { GateName } from './moves';

/** A stream keeps its records this long; what was not read by then is gone. */
export const STREAM_HORIZON_MS = 24 * 3_600_000;
/** Behind by more than this, a change of direction could leave writes behind. */
export const STREAM_LAG_MS_MAX = 60_000;

type StreamGate = 'stream_proven' | 'stream_current' | 'no_writes_beside';
const STREAM_GATES: readonly GateName[] = ['stream_proven', 'stream_current', 'no_writes_beside'];
/** Gates that stand only where a stream is read beside the gateways. */
export const isStreamGate = (name: GateName): name is StreamGate => STREAM_GATES.includes(name);

/** What is left until records are trimmed that were not settled; null: nothing is read yet. */
export const headroomMsOf = (stream: Pick<StreamFacts, 'lagMs' | 'state'>): number | null =>
  stream.state === 'lost' ? 0 : stream.lagMs === null ? null : Math.max(0, STREAM_HORIZON_MS - stream.lagMs);

type Found = Omit<GateResult, 'gate'>;
const NONE: Omit<Found, 'sentence'> = {
  met: true,
  observed: 'no stream is read',
  limit: 'where one is',
  see: 'backfill',
};

/** `stream_proven`: its position is stored and a canary came through it (PROTOCOL C1). */
function proven({ stream, nowMs }: Facts): Found {
  const sentence = 'The stream is read from a stored position on, and a canary of a gateway has arrived through it.';
  if (!stream) return { ...NONE, sentence };
  const met = stream.state === 'open' && stream.positionAtMs !== null && stream.canarySeenAtMs !== null;
  const observed =
    stream.state === 'lost'
      ? (stream.fault ?? 'records were lost')
      : stream.positionAtMs === null
        ? (stream.fault ?? 'not opened yet')
        : stream.canarySeenAtMs === null
          ? (stream.fault ?? `position stored ${formatMs(nowMs - stream.positionAtMs)} ago, no canary yet`)
          : `position stored ${formatMs(nowMs - stream.positionAtMs)} ago, canary seen`;
  return { met, sentence, observed, limit: 'position stored, canary seen in it', see: 'backfill' };
}

/** `stream_current`: read to within a minute of now, with nothing lost. */
function current({ stream }: Facts): Found {
  const sentence = 'The stream is read nearly up to now, and nothing of it was lost.';
  if (!stream) return { ...NONE, sentence };
  const headroomMs = headroomMsOf(stream);
  const met = stream.state === 'open' && stream.lagMs !== null && stream.lagMs <= STREAM_LAG_MS_MAX;
  const observed =
    stream.state === 'lost'
      ? (stream.fault ?? 'records were lost')
      : stream.lagMs === null || headroomMs === null
        ? (stream.fault ?? 'not read yet')
        : `${formatMs(stream.lagMs)} behind, ${formatMs(headroomMs)} until records are trimmed`;
  return { met, sentence, observed, limit: `at most ${formatMs(STREAM_LAG_MS_MAX)} behind`, see: 'backfill' };
}

/** `no_writes_beside`: such a writer would go on writing the old side after the flip. */
function nobodyBeside({ stream, nowMs, unroutableWindowMs }: Facts): Found {
  const sentence = 'Nobody writes to DynamoDB beside the gateways any more.';
  if (!stream) return { ...NONE, sentence };
  const { besideLastAtMs, besideGateway } = stream;
  const ageMs = besideLastAtMs === null ? null : nowMs - besideLastAtMs;
  const observed =
    ageMs === null
      ? 'none seen in the stream'
      : `${formatCount(besideGateway)} writes beside the gateway, the last ${formatMs(ageMs)} ago`;
  const met = ageMs === null || ageMs > unroutableWindowMs;
  return { met, sentence, observed, limit: `none in the last ${formatMs(unroutableWindowMs)}`, see: 'backfill' };
}

export const STREAM_CHECKS: Record<StreamGate, (facts: Facts) => Found> = {
  stream_proven: proven,
  stream_current: current,
  no_writes_beside: nobodyBeside,
};
