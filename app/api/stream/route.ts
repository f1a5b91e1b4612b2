import { changes } from '@/app/_server/changes';
import { readRoute } from '@/app/_server/to-http';

export const dynamic = 'force-dynamic';

const BEAT_MS = 10_000;
/** A stream ends by then and is opened again, so that whoever lost their account loses it too. */
const STREAM_MS_MAX = 10 * 60_000;

/**
 * Server-sent events: `hello` once, `change` with what to read again, `beat` every 10 s while
 * changes would be heard. No data travels here.
 * Answers 503 when too many streams are open; screens poll then.
 */
export const GET = readRoute('viewer', async ({ request }) => {
  const encoder = new TextEncoder();
  let end = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (event: string, data: unknown) => {
        try {
          controller.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
        } catch {
          end();
        }
      };
      const leave = changes().subscribe((change) => send('change', change));
      const beat = setInterval(() => (changes().isConnected() ? send('beat', {}) : undefined), BEAT_MS);
      const limit = setTimeout(() => end(), STREAM_MS_MAX);
      end = () => {
        leave?.();
        clearInterval(beat);
        clearTimeout(limit);
        request.signal.removeEventListener('abort', end);
        try {
          controller.close();
        } catch {
          // The browser was quicker.
        }
      };
      request.signal.addEventListener('abort', end);
      if (leave) send('hello', {});
      else end();
    },
    cancel: () => end(),
  });
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      // `no-transform` also keeps the compression of the server from holding events back.
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    },
  });
});
