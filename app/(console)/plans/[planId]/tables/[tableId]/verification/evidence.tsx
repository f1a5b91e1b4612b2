import Link from 'next/link';
import { routes } from '@/app/_routes/routes';
import { formatCount, formatDuration, formatShare } from '@/app/_ui/kit/format';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Card } from '@/app/_ui/primitives/card';
import type { EvidenceView } from '@/lib/contracts/verification-views';
import type { TableView } from '@/lib/contracts/views';
import { CLASS_SAYS } from '../difference-words';
import { Fact } from '../run-progress';

const CLASSES = Object.keys(CLASS_SAYS) as (keyof typeof CLASS_SAYS)[];

/** What says between two verifications that both sides stay equal: settled and dirty keys, and shadow reads. */
export function Evidence({ evidence, table }: { evidence: EvidenceView; table: TableView | undefined }) {
  const { dirty, settled, shadow } = evidence;
  const traffic = table ? routes.table(table.planId, table.tableId, 'traffic') : null;
  return (
    <Card
      title="All the time"
      note="Between two verifications these are the live signal. A verification compares everything; these are what applications touch."
      actions={
        traffic ? (
          <Link className="inline-flex min-h-6 items-center text-accent text-data underline" href={traffic}>
            Traffic of {table?.name}
          </Link>
        ) : null
      }
    >
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3 text-data sm:grid-cols-3 lg:grid-cols-4">
        <Fact name="Keys settled since the backfill began">
          {settled ? (
            <>
              {formatCount(settled.keys)}{' '}
              <span className="text-caption text-muted">
                <TimeAgo at={settled.sinceAt} />
              </span>
            </>
          ) : (
            'no backfill yet'
          )}
        </Fact>
        <Fact name="Dirty keys">
          <span className={dirty.count > dirty.max ? 'font-medium text-bad-fg' : undefined}>
            {formatCount(dirty.count)}
          </span>{' '}
          <span className="text-caption text-muted">limit {formatCount(dirty.max)}</span>
        </Fact>
        <Fact name="Oldest dirty key">{dirty.oldestMs === null ? 'none waits' : formatDuration(dirty.oldestMs)}</Fact>
        <Fact name="Shadow reads">
          {shadow.milli === 0
            ? 'off'
            : shadow.isPossible
              ? `${formatShare(shadow.milli)} of reads`
              : `${formatShare(shadow.milli)} of reads, from Verify on`}
        </Fact>
      </dl>
      <Shadow shadow={shadow} />
    </Card>
  );
}

/** The classes of a verification, as shadow reads counted them; nothing is painted as equal that was not compared. */
function Shadow({ shadow }: { shadow: EvidenceView['shadow'] }) {
  const { window, kept } = shadow;
  const all = CLASSES.reduce((sum, each) => sum + kept[each], 0);
  if (window.compared === 0 && all === 0)
    return (
      <p className="mt-3 text-data text-text-2">
        Shadow reads compared nothing in the last {formatDuration(window.ms)}
        {shadow.milli === 0 ? '; they are off.' : '.'}
      </p>
    );
  return (
    <div className="mt-3">
      <table className="w-full text-left text-data">
        <caption className="pb-1 text-left text-caption text-muted">
          Shadow reads, after a recheck: {formatCount(window.compared)} items compared in the last{' '}
          {formatDuration(window.ms)}, {formatCount(window.settled)} of them equal at the second look,{' '}
          {formatCount(window.skipped)} dirty or in flight
        </caption>
        <thead>
          <tr className="border-border border-b text-caption text-muted">
            <th scope="col" className="py-1 pr-3 font-medium">
              Class
            </th>
            <th scope="col" className="py-1 pr-3 text-right font-medium">
              Last {formatDuration(window.ms)}
            </th>
            <th scope="col" className="py-1 text-right font-medium">
              Kept in all
            </th>
          </tr>
        </thead>
        <tbody>
          {CLASSES.map((each) => (
            <tr key={each} className="border-border border-b last:border-b-0">
              <th scope="row" className="py-1 pr-3 font-normal">
                {CLASS_SAYS[each]}
              </th>
              <td className={`py-1 pr-3 text-right tabular-nums ${window.classes[each] > 0 ? 'text-bad-fg' : ''}`}>
                {formatCount(window.classes[each])}
              </td>
              <td className="py-1 text-right tabular-nums">{formatCount(kept[each])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
