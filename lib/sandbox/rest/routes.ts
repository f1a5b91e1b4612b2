/** Paths of TerraScale's REST API as published, each with the name that faults, counters and rights go by. */
export type RestOperation =
  | 'RestPut'
  | 'RestGet'
  | 'RestDelete'
  | 'RestQuery'
  | 'RestScan'
  | 'RestBatchWrite'
  | 'RestBatchGet'
  | 'RestTransactGet'
  | 'RestTransactWrite'
  | 'RestSqlQuery'
  | 'RestSqlExecute'
  | 'RestSqlTables';

export interface RestRoute {
  operation: RestOperation;
  databaseId: string;
  pk: string | null;
  sk: string | null;
}

const ITEMS = /^\/api\/v1\/databases\/([^/]+)\/items(?:\/(.+))?$/;
const SQL = /^\/databases\/([^/]+)\/sql\/(query|execute|tables(?:\/[^/]+\/schema)?)$/;

/** Whether a path belongs to the REST API at all. */
export const isRestPath = (path: string): boolean => /^\/(api|databases|health)(\/|$|\?)/.test(path);

const POSTS: Record<string, RestOperation> = {
  query: 'RestQuery',
  scan: 'RestScan',
  'batch/write': 'RestBatchWrite',
  'batch/get': 'RestBatchGet',
  'transact/get': 'RestTransactGet',
  'transact/write': 'RestTransactWrite',
};

/** The route of a request, or null where there is none. A part that is not percent-encoded rightly names none. */
export function routeOf(method: string, url: string): RestRoute | null {
  const path = url.split('?')[0] as string;
  try {
    return itemsRoute(method, path) ?? sqlRoute(method, path);
  } catch {
    return null;
  }
}

function itemsRoute(method: string, path: string): RestRoute | null {
  const match = ITEMS.exec(path);
  if (!match) return null;
  const [, database = '', rest] = match;
  const at = { databaseId: decodeURIComponent(database), pk: null, sk: null };
  if (rest === undefined) return method === 'PUT' ? { ...at, operation: 'RestPut' } : null;
  if (method === 'POST') {
    const operation = POSTS[rest];
    return operation ? { ...at, operation } : null;
  }
  const [pk, sk, more] = rest.split('/');
  if (pk === undefined || more !== undefined) return null;
  const operation = method === 'GET' ? 'RestGet' : method === 'DELETE' ? 'RestDelete' : null;
  if (operation === null) return null;
  return { ...at, operation, pk: decodeURIComponent(pk), sk: sk === undefined ? null : decodeURIComponent(sk) };
}

function sqlRoute(method: string, path: string): RestRoute | null {
  const match = SQL.exec(path);
  if (!match) return null;
  const [, database = '', what = ''] = match;
  const at = { databaseId: decodeURIComponent(database), pk: null, sk: null };
  if (what === 'query' && method === 'POST') return { ...at, operation: 'RestSqlQuery' };
  if (what === 'execute' && method === 'POST') return { ...at, operation: 'RestSqlExecute' };
  return what.startsWith('tables') && method === 'GET' ? { ...at, operation: 'RestSqlTables' } : null;
}
