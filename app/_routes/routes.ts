/** Every address of the console, once. Pages link through these, so a renamed route is a type error. */
const enc = encodeURIComponent;

export const TABLE_PAGES = ['overview', 'assessment', 'backfill', 'verification', 'traffic', 'activity'] as const;
export type TablePage = (typeof TABLE_PAGES)[number];

export const routes = {
  fleet: () => '/',
  plans: () => '/plans',
  newPlan: () => '/plans/new',
  plan: (planId: string) => `/plans/${enc(planId)}`,
  checklist: (planId: string) => `/plans/${enc(planId)}/checklist`,
  report: (planId: string) => `/plans/${enc(planId)}/report`,
  table: (planId: string, tableId: string, page: TablePage = 'overview') =>
    `/plans/${enc(planId)}/tables/${enc(tableId)}${page === 'overview' ? '' : `/${page}`}`,
  lab: (planId: string, tableId: string) => `/plans/${enc(planId)}/tables/${enc(tableId)}/lab`,
  connections: () => '/connections',
  newConnection: () => '/connections/new',
  connection: (id: string) => `/connections/${enc(id)}`,
  gateways: () => '/gateways',
  activity: () => '/activity',
  settings: () => '/settings',
  people: () => '/settings/people',
  apiKeys: () => '/settings/api-keys',
  help: () => '/help',
  helpApplications: () => '/help/applications',
  helpError: (code: string) => `/help/errors/${enc(code)}`,
  guide: (page: string) => `/help/guide/${enc(page)}`,
  alerts: () => '/settings/alerts',
  planAssessment: (planId: string) => `/plans/${enc(planId)}/assessment`,
  signIn: (next?: string) => (next ? `/sign-in?next=${enc(next)}` : '/sign-in'),
  setup: () => '/setup',
} as const;

/** A path of this console, or the fleet: what came from an address bar must not lead elsewhere. */
export function safeNext(next: string | null | undefined): string {
  if (!next || !/^\/(?![/\\])/.test(next)) return routes.fleet();
  // The parser drops tabs and newlines, so the check is made on what it understood.
  const url = new URL(next, 'http://console.invalid');
  return url.host === 'console.invalid' ? `${url.pathname}${url.search}${url.hash}` : routes.fleet();
}
