import { formatBytes, formatCount, formatRate } from '@/app/_ui/kit/format';
import { type SegmentCell, SegmentMap } from '@/app/_ui/kit/segment-map';
import { Eta, TimeAgo } from '@/app/_ui/kit/time-ago';
import { Badge } from '@/app/_ui/primitives/badge';
import { Progress } from '@/app/_ui/primitives/progress';
import type { Tone } from '@/app/_ui/tone';
import type { RunView, SegmentView } from '@/lib/contracts/views';

export const RUN_LOOK: Record<RunView['state'], { tone: Tone; word: string }> = {
  waiting: { tone: 'idle', word: 'waiting' },
  running: { tone: 'active', word: 'running' },
  paused: { tone: 'warn', word: 'paused' },
  done: { tone: 'ok', word: 'done' },
  failed: { tone: 'bad', word: 'failed' },
  cancelled: { tone: 'idle', word: 'cancelled' },
};

/** At any moment: running, or throttled with one reason and its numbers, or stopped and why. */
export function RunState({ run }: { run: RunView }) {
  const look = RUN_LOOK[run.state];
  const isThrottled = run.state === 'running' && run.throttleReason !== null;
  return (
    <span className="flex flex-wrap items-center gap-2 text-data">
      <Badge tone={isThrottled ? 'warn' : look.tone}>{isThrottled ? 'throttled' : look.word}</Badge>
      <span className="text-text-2">{isThrottled ? run.throttleReason : (run.stopReason ?? '')}</span>
    </span>
  );
}

/** Done of total; the total of a scan is an estimate until the run has ended, and says so. */
export function RunProgress({ run }: { run: RunView }) {
  const done = run.itemsRead;
  const isDone = run.state === 'done';
  // A verification reads both sides, so it reads about twice what the source has.
  const estimate = run.kind === 'backfill' ? run.itemsEstimate : 2 * run.itemsEstimate;
  const total = isDone ? done : Math.max(estimate, done);
  const part = total === 0 ? (isDone ? 100 : null) : Math.min(isDone ? 100 : 99, (100 * done) / total);
  const word = run.kind === 'backfill' ? 'items' : 'items of both sides';
  return (
    <div className="flex flex-col gap-3">
      <Progress
        value={part}
        label={run.kind === 'backfill' ? 'Copied and confirmed' : 'Compared'}
        says={`${formatCount(done)} of ${isDone ? '' : 'about '}${formatCount(total)} ${word}${isDone ? '' : ' (estimate)'}`}
        tone={isDone ? 'ok' : run.state === 'failed' ? 'bad' : 'active'}
      />
      <dl className="grid grid-cols-2 gap-x-4 gap-y-2 text-data sm:grid-cols-4">
        <Fact name="Rate">{rateOf(run)}</Fact>
        <Fact name="Time left">
          {isDone || run.state === 'failed' || run.state === 'cancelled' ? (
            '–'
          ) : (
            <Eta fromMs={run.etaMs?.[0] ?? null} toMs={run.etaMs?.[1] ?? null} />
          )}
        </Fact>
        <Fact name="Bytes read">{formatBytes(run.bytesRead)}</Fact>
        <Fact name="Started">
          <TimeAgo at={run.startedAt} never="not yet" /> by {run.startedBy}
        </Fact>
        {run.finishedAt ? (
          <Fact name="Finished">
            <TimeAgo at={run.finishedAt} />
          </Fact>
        ) : null}
      </dl>
    </div>
  );
}

function rateOf({ itemsPerSecond, itemsPerSecondMax }: RunView): string {
  const limit = itemsPerSecondMax === null ? 'no own limit' : `at most ${formatCount(itemsPerSecondMax)} items/s`;
  return `${itemsPerSecond === null ? 'not running' : `${formatRate(itemsPerSecond)} items/s`}, ${limit}`;
}

export const Fact = ({ name, children }: { name: string; children: React.ReactNode }) => (
  <div className="min-w-0">
    <dt className="text-caption text-muted">{name}</dt>
    <dd className="break-words">{children}</dd>
  </div>
);

const sentenceOf = (segment: SegmentView): string =>
  [
    `${segment.file ? `File ${segment.file.split('/').at(-1)}` : `Segment ${segment.number} of the ${segment.side}`}: ${formatCount(segment.itemsRead)} items read`,
    segment.compared > 0 ? `${formatCount(segment.compared)} compared` : null,
    segment.itemsWritten > 0 ? `${formatCount(segment.itemsWritten)} written` : null,
    segment.worker ? `on ${segment.worker}` : null,
    segment.attempts > 1 ? `attempt ${segment.attempts}` : null,
    segment.error,
  ]
    .filter((part) => part !== null)
    .join(', ');

/** The segment that the others wait for, or waited for. */
function stubbornSays(run: RunView, stubborn: NonNullable<RunView['stubborn']>): string {
  const { number, side, itemsRead, itemsBeyondMedian } = stubborn;
  const holds =
    `Segment ${number} of the ${side} holds ${formatCount(itemsRead)} items, ${formatCount(itemsBeyondMedian)} more than ` +
    'the median of its side: few partition keys hold most of the table, and a scan cannot be divided there.';
  if (run.state === 'waiting' || run.state === 'running' || run.state === 'paused')
    return `${holds} The run lasts as long as this segment; the worker that has it gives it all its lanes when the others are done.`;
  return run.state === 'done' ? `${holds} The run lasted as long as this segment.` : holds;
}

export function RunSegments({ run }: { run: RunView }) {
  const cells: SegmentCell[] = run.segments.map((segment) => ({
    key: segment.id,
    state: segment.state,
    says: sentenceOf(segment),
  }));
  const failed = run.segments.filter((segment) => segment.state === 'failed');
  return (
    <div className="flex flex-col gap-2">
      <SegmentMap segments={cells} label={`Segments of ${run.kind} ${run.generation}`} />
      {run.stubborn ? <p className="text-data text-text-2">{stubbornSays(run, run.stubborn)}</p> : null}
      {failed.length > 0 ? (
        <ul className="text-bad-fg text-data" aria-label="Failed segments">
          {failed.map((segment) => (
            <li key={segment.id}>{sentenceOf(segment)}</li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
