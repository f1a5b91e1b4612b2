import { readGatewayKeys, readGateways, readWorkers } from '@/db/queries/process/processes';
import type { GatewayKeyView, ProcessesView } from '@/lib/contracts/views';
import type { Actor, ServiceContext } from '../context';
import { GATEWAY_SILENT_MS } from '../table/facts';
import { requireRole } from './require-role';
import { iso } from './table-row';

/**
 * Gateways and workers as they last reported. A silent gateway still counts in every barrier and fence; declaring one
 * dead needs its credentials probed refused on both sides, so there is no button that does it by itself.
 */
export async function processesView(ctx: ServiceContext, actor: Actor): Promise<ProcessesView> {
  requireRole(actor, 'viewer');
  const [gateways, workers] = await Promise.all([
    readGateways(ctx.sql, GATEWAY_SILENT_MS),
    readWorkers(ctx.sql, GATEWAY_SILENT_MS),
  ]);
  // One inside an application has no address to point another at.
  const servers = gateways.filter((one) => one.listen.startsWith('http'));
  const first = servers.find((one) => one.state === 'registered' && !one.isSilent) ?? servers[0];
  return {
    gateways: gateways.map(({ unprovenSince, ...gateway }) => ({
      ...gateway,
      lastSeenAt: gateway.lastSeenAt.toISOString(),
      startedAt: gateway.startedAt.toISOString(),
      goodbyeAt: iso(gateway.goodbyeAt),
      unprovenSinceAt: iso(unprovenSince),
    })),
    workers: workers.map((worker) => ({ ...worker, lastSeenAt: worker.lastSeenAt.toISOString() })),
    endpoint: first?.listen ?? '',
  };
}

/** Keys that applications sign with; a secret is shown once, when it is made, and never again. */
export async function gatewayKeysView(ctx: ServiceContext, actor: Actor): Promise<GatewayKeyView[]> {
  requireRole(actor, 'viewer');
  const keys = await readGatewayKeys(ctx.sql);
  return keys.map((key) => ({ ...key, createdAt: key.createdAt.toISOString(), revokedAt: iso(key.revokedAt) }));
}
