import type { Role } from '@/lib/domain/plan/moves';

/** Apart from the seed, because the supervisor prints them and should not load the services for that. */
export const DEMO_CONNECTIONS = { source: 'demo-dynamodb', target: 'demo-terrascale' } as const;
export const DEMO_PEOPLE = {
  ada: { name: 'Ada Demo', email: 'ada@demo.local', role: 'admin' },
  grace: { name: 'Grace Demo', email: 'grace@demo.local', role: 'approver' },
} as const satisfies Record<string, { name: string; email: string; role: Role }>;
