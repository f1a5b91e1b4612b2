'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { Download, ShieldCheck, ShieldX } from 'lucide-react';
import { type ActivityFilter, activityQuery } from '@/app/_data/activity';
import { useLive } from '@/app/_data/live';
import { EmptyState } from '@/app/_ui/kit/empty-state';
import { formatCount } from '@/app/_ui/kit/format';
import { useUrlFilters } from '@/app/_ui/kit/use-url-filters';
import { ViewMissing, ViewNotice } from '@/app/_ui/kit/view-notice';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { Input } from '@/app/_ui/primitives/input';
import { Select } from '@/app/_ui/primitives/select';
import type { ActivityView, EventView } from '@/lib/contracts/views';
import { EventList } from './event-list';

const FILTERS = ['text', 'actor', 'kind'] as const;
const ANY = 'any';
const ACTORS = [
  { value: ANY, label: 'By anybody' },
  { value: 'person', label: 'By a person' },
  { value: 'system', label: 'By Landfall' },
  { value: 'guardrail', label: 'By a guardrail' },
];
const KINDS = [
  { value: ANY, label: 'Anything' },
  { value: 'move', label: 'Moves' },
  { value: 'fence', label: 'Fences' },
  { value: 'run', label: 'Runs' },
  { value: 'hold', label: 'Holds' },
  { value: 'gateway', label: 'Gateways' },
  { value: 'plan', label: 'Plans' },
];

/** The record, newest first, with its filters in the address; it only grows, and its chain is checked. */
export function ActivityRecord({ scope = {} }: { scope?: Pick<ActivityFilter, 'planId' | 'tableId'> }) {
  const { isPaused } = useLive();
  const filters = useUrlFilters(FILTERS);
  const { text, actor, kind } = filters.values;
  const query = useInfiniteQuery({
    ...activityQuery({ ...scope, text, actorKind: actor, kind }),
    ...(isPaused ? { refetchInterval: false as const } : {}),
  });
  const pages = query.data?.pages ?? [];
  const events = pages.flatMap((page) => page.events);
  return (
    <div className="flex flex-col gap-3">
      <search aria-label="Filter the record" className="flex flex-wrap items-center gap-2">
        <Input
          aria-label="Find in the record"
          placeholder="Find in the record…"
          className="w-56"
          value={text}
          onValueChange={(next) => filters.set({ text: next })}
        />
        <Select
          aria-label="Who"
          className="w-40"
          value={actor || ANY}
          choices={ACTORS}
          onValueChange={(next) => filters.set({ actor: next === ANY || next === null ? '' : next })}
        />
        <Select
          aria-label="What"
          className="w-36"
          value={kind || ANY}
          choices={KINDS}
          onValueChange={(next) => filters.set({ kind: next === ANY || next === null ? '' : next })}
        />
        {filters.isFiltered ? (
          <Button variant="ghost" size="sm" onClick={filters.clear}>
            Clear the filters
          </Button>
        ) : null}
        {events.length > 0 ? <SaveButton events={events} /> : null}
      </search>
      <ViewNotice query={query} what="The record" />
      {!query.data ? (
        <ViewMissing query={query} what="the record" />
      ) : (
        <>
          {pages[0] ? <Chain chain={pages[0].chain} /> : null}
          {events.length === 0 ? (
            <Nothing isFiltered={filters.isFiltered} clear={filters.clear} />
          ) : (
            <Card className="[&>div]:py-1">
              <EventList events={events} label="What happened, newest first" />
            </Card>
          )}
          {query.hasNextPage ? (
            <Button
              className="self-center"
              isPending={query.isFetchingNextPage}
              onClick={() => void query.fetchNextPage()}
            >
              Show older entries
            </Button>
          ) : null}
        </>
      )}
    </div>
  );
}

/** Each audit entry holds the hash of the one before it, so that a changed or missing entry shows. */
function Chain({ chain }: { chain: ActivityView['chain'] }) {
  const Icon = chain.verified ? ShieldCheck : ShieldX;
  return (
    <p
      className={`flex flex-wrap items-center gap-2 text-data ${chain.verified ? 'text-ok-fg' : 'font-medium text-bad-fg'}`}
    >
      <Icon aria-hidden className="size-4" />
      <span>Chain of the audit record: {chain.sentence}</span>
    </p>
  );
}

function Nothing({ isFiltered, clear }: { isFiltered: boolean; clear: () => void }) {
  if (!isFiltered)
    return (
      <EmptyState kind="never" title="Nothing has happened yet">
        Every move, run, hold, approval and gateway that comes or goes will stand here.
      </EmptyState>
    );
  return (
    <EmptyState
      kind="filtered"
      title="No entry fits these filters"
      actions={<Button onClick={clear}>Clear the filters</Button>}
    />
  );
}

/** What is on the screen, one entry a line. */
function SaveButton({ events }: { events: readonly EventView[] }) {
  const save = () => {
    const url = URL.createObjectURL(
      new Blob([events.map((event) => JSON.stringify(event)).join('\n')], { type: 'application/jsonl' }),
    );
    const link = document.createElement('a');
    link.href = url;
    link.download = 'landfall-activity.jsonl';
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <Button size="sm" onClick={save}>
      <Download aria-hidden /> Save {formatCount(events.length)} entries
    </Button>
  );
}
