import { listen } from '@/db/client';
import { CHANNELS } from '@/lib/contracts/routing';
import { FLAG_LIMITS } from '@/lib/services/flags/limits';
import { Ofrep, type OfrepAnswer } from '@/lib/services/flags/ofrep';
import { FlagStreams } from '@/lib/services/flags/streams';
import { services } from './container';

interface Flags {
  ofrep: Ofrep;
  streams: FlagStreams;
  /** For tests: ends streams and stops listening. */
  stop(): Promise<void>;
}

// On globalThis, because a build bundles this file more than once.
const held = globalThis as typeof globalThis & { landfallFlags?: Flags };

/** What flags are answered from, made at the first use in a process. */
export function flags(): Flags {
  held.landfallFlags ??= build();
  return held.landfallFlags;
}

function build(): Flags {
  const ctx = services();
  const ofrep = new Ofrep(ctx);
  const streams = new FlagStreams(ctx, ofrep);
  const changed = () => {
    ofrep.board.outdated();
    streams.changed();
  };
  const listening = listen(ctx.sql, CHANNELS.routing, { message: changed, reconnect: changed });
  return {
    ...{ ofrep, streams },
    stop: async () => {
      streams.close();
      await listening.stop();
      held.landfallFlags = undefined;
    },
  };
}

/** Any site may ask: who asks is told by a key in a header, never by a cookie. */
export const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'ETag, Retry-After',
} as const;

const PREFLIGHT = {
  ...CORS,
  'access-control-allow-methods': 'POST, GET, OPTIONS',
  'access-control-allow-headers': 'Content-Type, Authorization, X-API-Key, If-None-Match',
  'access-control-max-age': '600',
} as const;

export const preflight = (): Response => new Response(null, { status: 204, headers: PREFLIGHT });

/** One POST of OFREP. `flag` null: all of them. */
export async function evaluate(request: Request, flag: string | null): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const head = request.headers;
  const answer = await flags()
    .ofrep.evaluate({
      flag,
      authorization: head.get('authorization'),
      apiKey: head.get('x-api-key'),
      ifNoneMatch: head.get('if-none-match'),
      configEtag: query.get('flagConfigEtag'),
      body: await bodyOf(request),
    })
    .catch((error: unknown) => {
      services().log.error({ error }, 'An evaluation failed');
      return internal(flag);
    });
  return toResponse(answer);
}

export function toResponse({ status, headers, body }: OfrepAnswer): Response {
  const text = body === null ? null : JSON.stringify(body);
  const all: Record<string, string> = { ...CORS, ...headers };
  if (text !== null) all['content-type'] = 'application/json';
  return new Response(text, { status, headers: all });
}

const internal = (flag: string | null): OfrepAnswer => ({
  status: 500,
  headers: { 'cache-control': 'no-store' },
  body: { key: flag ?? '*', errorCode: 'GENERAL', errorDetails: 'The evaluation failed.', metadata: {} },
});

/** Null: larger than the cap; what is left is not read. */
async function bodyOf(request: Request): Promise<string | null> {
  if (Number(request.headers.get('content-length') ?? 0) > FLAG_LIMITS.bodyBytesMax) return null;
  const reader = request.body?.getReader();
  if (!reader) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (bytes > FLAG_LIMITS.bodyBytesMax) {
      await reader.cancel().catch(() => {});
      return null;
    }
    chunks.push(value);
  }
  return Buffer.concat(chunks).toString('utf8');
}
