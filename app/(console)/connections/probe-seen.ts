import type { ConnectionView } from '@/lib/contracts/views';
import type { ProbeResult } from '@/lib/services/connection/probe';

/** A probe as screens have it: the instant as text. */
export const probeSeen = ({ atMs, ...probe }: ProbeResult): NonNullable<ConnectionView['probe']> => ({
  ...probe,
  at: new Date(atMs).toISOString(),
});
