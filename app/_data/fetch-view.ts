/** What a GET route answered instead of a view. The last good data stays on screen beside it. */
export class ViewError extends Error {
  readonly code: string;
  readonly http: number;
  readonly requestId: string | null;
  constructor(code: string, message: string, http: number, requestId: string | null) {
    super(message);
    this.name = 'ViewError';
    this.code = code;
    this.http = http;
    this.requestId = requestId;
  }
}

const ANSWER_MS_MAX = 15_000;

interface Problem {
  code?: string;
  message?: string;
  sentence?: string;
  requestId?: string;
}

/** Reads one view. Throws a `ViewError` with the code of the catalogue, or `web.unreachable` when nothing answered. */
export async function fetchView<T>(path: string, signal?: AbortSignal): Promise<T> {
  const bound = AbortSignal.timeout(ANSWER_MS_MAX);
  let response: Response;
  try {
    response = await fetch(path, {
      headers: { accept: 'application/json' },
      signal: signal ? AbortSignal.any([signal, bound]) : bound,
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ViewError('web.unreachable', 'The console of Landfall does not answer.', 0, null);
  }
  if (response.ok) return (await response.json()) as T;
  throw await problemOf(response);
}

/** The refusal of a route as an error; its body is the catalogue's when it is ours. */
export async function problemOf(response: Response): Promise<ViewError> {
  const body = (await response.json().catch(() => ({}))) as Problem & { error?: Problem };
  const problem = body.error ?? body;
  return new ViewError(
    problem.code ?? 'internal.unexpected',
    problem.message ?? problem.sentence ?? `The console answered ${response.status}.`,
    response.status,
    problem.requestId ?? null,
  );
}

const IN_FLIGHT_MS = 2_000;
const AT_REST_MS = 15_000;

/** How soon to look again; the live stream asks earlier when something changed. */
export const refetchMs = (isInFlight: boolean): number => (isInFlight ? IN_FLIGHT_MS : AT_REST_MS);

/** `?a=1&b=2` without what is not set. */
export function queryString(values: Record<string, string | number | null | undefined>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== null && value !== undefined && value !== '') params.set(name, String(value));
  const text = params.toString();
  return text ? `?${text}` : '';
}
