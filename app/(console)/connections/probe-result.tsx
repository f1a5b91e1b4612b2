import { Check, X } from 'lucide-react';
import { formatDuration } from '@/app/_ui/kit/format';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import type { ConnectionView } from '@/lib/contracts/views';

type Probe = NonNullable<ConnectionView['probe']>;

const may = (value: boolean | null): string => (value === null ? 'not found out' : value ? 'yes' : 'no');

/** What was tried, what came of it and how long it took; what the key may do was found out by doing it. */
export function ProbeResult({ probe }: { probe: Probe }) {
  return (
    <div className="flex flex-col gap-2">
      <p className={`font-medium text-data ${probe.ok ? 'text-ok-fg' : 'text-bad-fg'}`}>
        {probe.sentence} <TimeAgo at={probe.at} className="font-normal text-muted" />
      </p>
      <ul aria-label="What was tried" className="flex flex-col">
        {probe.tried.map((one) => (
          <li key={one.what} className="flex items-start gap-2 border-border border-b py-1.5 text-data last:border-b-0">
            <span
              className={`mt-px grid size-5 shrink-0 place-items-center rounded-control ${one.ok ? 'bg-ok-tint text-ok-fg' : 'bg-bad-tint text-bad-fg'}`}
            >
              {one.ok ? <Check aria-hidden className="size-3.5" /> : <X aria-hidden className="size-3.5" />}
              <span className="sr-only">{one.ok ? 'worked:' : 'failed:'}</span>
            </span>
            <span className="min-w-0 flex-1 break-words">
              {one.what} <span className="text-muted">{one.detail}</span>
            </span>
            <span className="shrink-0 text-caption text-muted">{formatDuration(one.latencyMs)}</span>
          </li>
        ))}
      </ul>
      <p className="text-caption text-muted">
        The key may read: {may(probe.mayRead)} · may write: {may(probe.mayWrite)} ·{' '}
        {probe.tables === null ? 'may not list tables' : `sees ${probe.tables.length} tables`}
      </p>
    </div>
  );
}
