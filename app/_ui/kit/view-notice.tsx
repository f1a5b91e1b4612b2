'use client';

import type { UseQueryResult } from '@tanstack/react-query';
import { Button } from '../primitives/button';
import { Skeleton } from '../primitives/skeleton';
import { Banner } from './banner';
import { EmptyState } from './empty-state';
import { TimeAgo } from './time-ago';

interface Coded extends Error {
  code?: string;
  status?: number;
  requestId?: string | null;
}

type Read = Pick<UseQueryResult<unknown, Error>, 'error' | 'dataUpdatedAt' | 'refetch' | 'isFetching'>;

const SHAPE = ['first', 'second', 'third', 'fourth'];

const codeOf = (error: Coded): string => error.code ?? 'internal.unexpected';
const isForbidden = (error: Coded): boolean => error.status === 403;

/** Over data that could not be read again: the data stays, with its age and the way on. Nothing while all is well. */
export function ViewNotice({ query, what }: { query: Read; what: string }) {
  const error = query.error as Coded | null;
  if (!error) return null;
  return (
    <Banner
      tone="warn"
      icon="alert"
      title={
        <>
          {what} as of <TimeAgo at={query.dataUpdatedAt || null} />
        </>
      }
      actions={
        <Button size="sm" isPending={query.isFetching} onClick={() => void query.refetch()}>
          Read again
        </Button>
      }
    >
      {error.message} <RunbookLink error={error} />
    </Banner>
  );
}

/** In place of data that was never read: its shape while loading, else why there is none. */
export function ViewMissing({ query, what }: { query: Read; what: string }) {
  const error = query.error as Coded | null;
  if (!error)
    return (
      <div className="flex flex-col gap-2" role="status">
        <span className="sr-only">Reading {what}…</span>
        {SHAPE.map((row) => (
          <Skeleton key={row} className="h-12" />
        ))}
      </div>
    );
  return (
    <EmptyState
      kind={isForbidden(error) ? 'forbidden' : 'failed'}
      title={isForbidden(error) ? `Your role does not show ${what}` : `Landfall could not read ${what}`}
      actions={
        <Button isPending={query.isFetching} onClick={() => void query.refetch()}>
          Read again
        </Button>
      }
    >
      {error.message} <RunbookLink error={error} />
    </EmptyState>
  );
}

function RunbookLink({ error }: { error: Coded }) {
  return (
    <a className="underline underline-offset-2" href={`/help/errors/${encodeURIComponent(codeOf(error))}`}>
      What to check ({codeOf(error)}){error.requestId ? `, request ${error.requestId}` : ''}
    </a>
  );
}
