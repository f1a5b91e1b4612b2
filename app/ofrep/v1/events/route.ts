import { CORS, flags, preflight, toResponse } from '@/app/_server/flags';
import { FLAG_LIMITS } from '@/lib/services/flags/limits';

export const dynamic = 'force-dynamic';

const refused = (status: number, errorDetails: string, headers: Record<string, string> = {}): Response =>
  toResponse({ status, headers, body: { key: '*', errorCode: 'GENERAL', errorDetails, metadata: {} } });

/** The stream that a bulk answer names: `refetchEvaluation` whenever the routing of one of the key's tables changed. */
export async function GET(request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const { ofrep, streams } = flags();
  const key = await ofrep.streamKey(query.get('token') ?? '');
  if (key === null) return refused(401, 'The address of this stream has expired: ask for all flags again.');
  const known = request.headers.get('last-event-id') ?? query.get('since');
  const body = await streams.open(key, { known, signal: request.signal });
  if (body === null)
    return refused(503, 'Too many streams are open.', { 'retry-after': String(FLAG_LIMITS.retryAfterS) });
  return new Response(body, {
    headers: {
      ...CORS,
      'content-type': 'text/event-stream; charset=utf-8',
      // `no-transform` also keeps the compression of the server from holding events back.
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    },
  });
}
export const OPTIONS = preflight;
