import { queryOptions } from '@tanstack/react-query';
import type { ChecklistView, PlanView } from '@/lib/contracts/views';
import { isMoving } from './fleet';
import { readJson } from './read-json';
import { refetchMs } from './refresh';

export const planKeys = {
  all: ['plan'] as const,
  one: (planId: string) => ['plan', planId] as const,
  checklist: (planId: string) => ['plan', planId, 'checklist'] as const,
};

export const plansQuery = () =>
  queryOptions({
    queryKey: planKeys.all,
    queryFn: ({ signal }) => readJson<PlanView[]>('/api/plans', signal),
    refetchInterval: (query) => refetchMs(query.state.data?.some((plan) => plan.tables.some(isMoving)) ?? false),
  });

export const planQuery = (planId: string) =>
  queryOptions({
    queryKey: planKeys.one(planId),
    queryFn: ({ signal }) => readJson<PlanView>(`/api/plans/${encodeURIComponent(planId)}`, signal),
    refetchInterval: (query) => refetchMs(query.state.data?.tables.some(isMoving) ?? false),
  });

export const checklistQuery = (planId: string) =>
  queryOptions({
    queryKey: planKeys.checklist(planId),
    queryFn: ({ signal }) => readJson<ChecklistView>(`/api/plans/${encodeURIComponent(planId)}/checklist`, signal),
    refetchInterval: refetchMs(false),
  });
