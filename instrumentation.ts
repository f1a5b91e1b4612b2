import type { Instrumentation } from 'next';

/** Runs once when the web process starts, before the first answer; not at build. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { boot } = await import('./app/_server/boot');
  await boot();
}

/** What a page or route threw, into our log and with its redaction. */
export const onRequestError: Instrumentation.onRequestError = async (error, request, context) => {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { logRequestError } = await import('./app/_server/boot');
  logRequestError(error, { path: request.path.split('?')[0] ?? '', method: request.method, route: context.routePath });
};
