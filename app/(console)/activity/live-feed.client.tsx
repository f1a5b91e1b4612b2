'use client';

import Link from 'next/link';
import { useEffect, useRef, useState } from 'react';
import { type ActivityFilter, latestActivityQuery } from '@/app/_data/activity';
import { useView } from '@/app/_data/use-view';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Card } from '@/app/_ui/primitives/card';
import type { EventView } from '@/lib/contracts/views';
import { EventList } from './event-list';

const SHOWN_MAX = 8;

/** The last things that happened, as they happen, announced politely and never at the first load. */
export function LiveFeed({
  filter,
  allHref,
  title = 'Live activity',
}: {
  filter: ActivityFilter;
  allHref: string;
  title?: string;
}) {
  const query = useView(latestActivityQuery(filter));
  const events = query.data?.events ?? [];
  return (
    <Card
      title={title}
      actions={
        <Link href={allHref} className="inline-flex min-h-6 items-center text-accent text-data hover:underline">
          All activity
        </Link>
      }
    >
      <ViewNotice query={query} what="Activity" />
      {!query.data ? (
        <ViewMissing query={query} what="the activity" />
      ) : events.length === 0 ? (
        <p className="text-data text-muted">Nothing has happened yet.</p>
      ) : (
        <EventList events={events.slice(0, SHOWN_MAX)} label={title} />
      )}
      <Announcer newest={events[0] ?? null} />
    </Card>
  );
}

function Announcer({ newest }: { newest: EventView | null }) {
  const first = useRef<string | null>(null);
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (!newest) return;
    if (first.current !== null && first.current !== newest.id) setSaid(newest.sentence);
    first.current = newest.id;
  }, [newest]);
  return (
    <p role="status" className="sr-only">
      {said}
    </p>
  );
}
