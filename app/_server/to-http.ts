import 'server-only';
import { unstable_rethrow } from 'next/navigation';
import { ERRORS } from '@/lib/domain/errors';
import type { Role } from '@/lib/domain/plan/moves';
import type { ServiceContext } from '@/lib/services/context';
import { routes } from '../_routes/routes';
import { container } from './container';
import { failureOf, statusOf } from './failure';
import { checkOrigin } from './origin';
import { requestIdOf } from './request-id';
import { authorise, type SignedIn, sessionOf } from './session';

const RETRY_AFTER_S = 2;
const HEADERS = { 'cache-control': 'no-store' } as const;

export interface RouteContext<P> {
  ctx: ServiceContext;
  actor: SignedIn['actor'];
  who: SignedIn;
  request: Request;
  params: P;
  query: URLSearchParams;
}

type Handler<P> = (request: Request, segment: { params: Promise<P> }) => Promise<Response>;
type Params = Record<string, string | string[] | undefined>;

/** `{code, message, requestId, help}` with the status of the catalogue. */
export function toHttp(error: unknown, request: Request): Response {
  const requestId = requestIdOf(request.headers);
  const { ok: _, ...failure } = failureOf(error, container().ctx.log, requestId);
  const status = statusOf(failure.code);
  const mayRetry = failure.code in ERRORS && ERRORS[failure.code as keyof typeof ERRORS].retry && status >= 500;
  return Response.json(
    { ...failure, requestId, help: routes.helpError(failure.code) },
    { status, headers: { ...HEADERS, ...(mayRetry ? { 'retry-after': String(RETRY_AFTER_S) } : {}) } },
  );
}

function route<P extends Params>(
  role: Role,
  isChange: boolean,
  act: (context: RouteContext<P>) => Promise<unknown>,
): Handler<P> {
  return async (request, segment) => {
    try {
      const { ctx, config } = container();
      if (isChange) checkOrigin(request.headers, config.publicUrl);
      const who = authorise(await sessionOf(request.headers), role);
      const query = new URL(request.url).searchParams;
      const answer = await act({ ctx, actor: who.actor, who, request, params: await segment.params, query });
      return answer instanceof Response ? answer : Response.json(answer ?? null, { headers: HEADERS });
    } catch (error) {
      unstable_rethrow(error);
      return toHttp(error, request);
    }
  };
}

/** A GET handler: session and role checked, the answer as JSON that nobody caches, errors mapped. */
export const readRoute = <P extends Params = Params>(
  role: Role,
  read: (context: RouteContext<P>) => Promise<unknown>,
): Handler<P> => route(role, false, read);

/** A POST handler outside of server actions, such as the way back from a tab of yesterday. Checks the origin too. */
export const changeRoute = <P extends Params = Params>(
  role: Role,
  change: (context: RouteContext<P>) => Promise<unknown>,
): Handler<P> => route(role, true, change);
