import { Bot, type LucideIcon, ShieldAlert, UserRound } from 'lucide-react';
import Link from 'next/link';
import { routes } from '@/app/_routes/routes';
import { TimeAgo } from '@/app/_ui/kit/time-ago';
import { Badge } from '@/app/_ui/primitives/badge';
import type { EventView } from '@/lib/contracts/views';

const ACTOR: Record<EventView['actorKind'], { Icon: LucideIcon; word: string }> = {
  person: { Icon: UserRound, word: 'person' },
  system: { Icon: Bot, word: 'Landfall' },
  guardrail: { Icon: ShieldAlert, word: 'guardrail' },
};

/** What happened, newest first: who, what, why, under which epoch. */
export function EventList({ events, label }: { events: readonly EventView[]; label: string }) {
  return (
    <ol aria-label={label} className="flex flex-col">
      {events.map((event) => (
        <EventLine key={event.id} event={event} />
      ))}
    </ol>
  );
}

function EventLine({ event }: { event: EventView }) {
  const { Icon, word } = ACTOR[event.actorKind];
  return (
    <li
      id={event.id}
      className="flex items-start gap-3 border-border border-b py-2 last:border-b-0 target:bg-active-tint"
    >
      <span
        className="mt-0.5 grid size-6 shrink-0 place-items-center rounded-control bg-sunken text-text-2"
        title={word}
      >
        <Icon aria-hidden className="size-3.5" />
        <span className="sr-only">{word}</span>
      </span>
      <div className="min-w-0 flex-1">
        <p className="break-words text-data">{event.sentence}</p>
        {event.reason ? <p className="break-words text-data text-text-2">“{event.reason}”</p> : null}
        <p className="flex flex-wrap items-center gap-x-2 gap-y-0.5 text-caption text-muted">
          <span>{event.actor}</span>
          <TimeAgo at={event.at} />
          {event.tableName && event.planId && event.planTableId ? (
            <Link
              href={routes.table(event.planId, event.planTableId)}
              className="inline-flex min-h-6 items-center underline underline-offset-2"
            >
              {event.tableName}
            </Link>
          ) : null}
          {event.epoch === null ? null : <Badge>epoch {event.epoch}</Badge>}
          <Link
            href={`${routes.activity()}#${event.id}`}
            aria-label={`Link to this entry: ${event.sentence}`}
            className="inline-flex min-h-6 min-w-6 items-center underline underline-offset-2"
          >
            link
          </Link>
        </p>
        <BeforeAfter event={event} />
      </div>
    </li>
  );
}

const hasContent = (value: unknown): boolean =>
  value !== null && value !== undefined && !(typeof value === 'object' && Object.keys(value).length === 0);

function BeforeAfter({ event }: { event: EventView }) {
  if (!hasContent(event.before) && !hasContent(event.after)) return null;
  return (
    <details className="mt-0.5 text-caption">
      <summary className="inline-flex min-h-6 cursor-pointer items-center text-accent">
        Before and after<span className="sr-only">: {event.sentence}</span>
      </summary>
      <div className="mt-1 grid gap-2 sm:grid-cols-2">
        <Side title="Before" value={event.before} />
        <Side title="After" value={event.after} />
      </div>
    </details>
  );
}

const Side = ({ title, value }: { title: string; value: unknown }) => (
  <div className="min-w-0 rounded-control bg-sunken p-2">
    <p className="font-medium text-muted">{title}</p>
    <pre className="whitespace-pre-wrap break-all font-mono">
      {hasContent(value) ? JSON.stringify(value, null, 2) : 'nothing'}
    </pre>
  </div>
);
