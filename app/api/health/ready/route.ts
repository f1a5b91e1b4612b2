import { services } from '@/app/_server/container';
import { readiness } from '@/lib/services/readiness';

export const dynamic = 'force-dynamic';

/** Ready to serve: database reachable and migrations current. For balancers and the supervisor, so without a session. */
export async function GET(): Promise<Response> {
  const state = await readiness(services());
  return Response.json(state, { status: state.ready ? 200 : 503, headers: { 'cache-control': 'no-store' } });
}
