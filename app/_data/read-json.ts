const READ_MS_MAX = 10_000;

/** A GET route refused or failed; `code` is of the error catalogue, or `web.unreachable` when nothing answered. */
export class ReadError extends Error {
  override readonly name = 'ReadError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null,
  ) {
    super(message);
  }
}

/**
 * Reads JSON of one of our own GET routes.
 * @throws ReadError with the server's sentence, or with status 599 when no answer came.
 */
export async function readJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const deadline = AbortSignal.timeout(READ_MS_MAX);
  let response: Response;
  try {
    response = await fetch(path, {
      headers: { accept: 'application/json' },
      credentials: 'same-origin',
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ReadError(
      599,
      'web.unreachable',
      'The console does not answer. Traffic through gateways is not affected.',
      null,
    );
  }
  if (response.ok) return (await response.json()) as T;
  const body = (await response.json().catch(() => null)) as {
    code?: string;
    message?: string;
    requestId?: string;
  } | null;
  throw new ReadError(
    response.status,
    body?.code ?? 'internal.unexpected',
    body?.message ?? `The console answered ${response.status}.`,
    body?.requestId ?? null,
  );
}
