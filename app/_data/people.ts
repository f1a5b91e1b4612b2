import { queryOptions } from '@tanstack/react-query';
import type { Person } from '@/lib/services/auth/people';
import { readJson } from './read-json';

export const peopleKeys = { all: ['people'] as const };

export const peopleQuery = () =>
  queryOptions({ queryKey: peopleKeys.all, queryFn: ({ signal }) => readJson<Person[]>('/api/people', signal) });
