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
