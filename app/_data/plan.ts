import { queryOptions } from '@tanstack/react-query';
import type { ChecklistView, PlanView } from '@/lib/contracts/views';
import { fetchView, refetchMs } from './fetch-view';
import { isMoving } from './fleet';

export const planKeys = {
  all: ['plans'] as const,
  one: (planId: string) => ['plans', planId] as const,
  checklist: (planId: string) => ['plans', planId, 'checklist'] as const,
};

export const plansQuery = () =>
  queryOptions({
    queryKey: planKeys.all,
    queryFn: ({ signal }) => fetchView<PlanView[]>('/api/plans', signal),
    refetchInterval: (query) => refetchMs(query.state.data?.some((plan) => plan.tables.some(isMoving)) ?? false),
  });

export const planQuery = (planId: string) =>
  queryOptions({
    queryKey: planKeys.one(planId),
    queryFn: ({ signal }) => fetchView<PlanView>(`/api/plans/${encodeURIComponent(planId)}`, signal),
    refetchInterval: (query) => refetchMs(query.state.data?.tables.some(isMoving) ?? false),
  });

export const checklistQuery = (planId: string) =>
  queryOptions({
    queryKey: planKeys.checklist(planId),
    queryFn: ({ signal }) => fetchView<ChecklistView>(`/api/plans/${encodeURIComponent(planId)}/checklist`, signal),
    refetchInterval: refetchMs(false),
  });
