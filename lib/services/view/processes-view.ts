import { readGatewayKeys, readGateways, readWorkers } from '@/db/queries/process/processes';
import type { GatewayKeyView, PassingView, ProcessesView } from '@/lib/contracts/views';
import type { Actor, ServiceContext } from '../context';
import { conditionsOf } from '../process/declare-dead';
import { GATEWAY_SILENT_MS } from '../table/facts';
import { recoveryView } from './recovery-view';
import { requireRole } from './require-role';
import { iso } from './table-row';

/** Of more silent gateways than this the conditions are not looked up; a fleet like that has another trouble. */
const PASSING_MAX = 20;

/**
 * Gateways and workers as they last reported. A silent gateway still counts in every barrier and fence; what passing it
 * by needs stands beside it, each condition with what was observed.
 */
export async function processesView(ctx: ServiceContext, actor: Actor): Promise<ProcessesView> {
  requireRole(actor, 'viewer');
  const [gateways, workers, recovery] = await Promise.all([
    readGateways(ctx.sql, GATEWAY_SILENT_MS),
    readWorkers(ctx.sql, GATEWAY_SILENT_MS),
    recoveryView(ctx),
  ]);
  // One inside an application has no address to point another at.
  const servers = gateways.filter((one) => one.listen.startsWith('http'));
  const first = servers.find((one) => one.state === 'registered' && !one.isSilent) ?? servers[0];
  const passing = new Map<string, PassingView>();
  for (const { id } of gateways.filter((one) => one.isSilent || one.state === 'declared_dead').slice(0, PASSING_MAX)) {
    const found = await conditionsOf(ctx.db, id);
    if (found) passing.set(id, passingOf(found));
  }
  return {
    gateways: gateways.map(({ unprovenSince, ...gateway }) => ({
      ...gateway,
      passing: passing.get(gateway.id) ?? null,
      lastSeenAt: gateway.lastSeenAt.toISOString(),
      startedAt: gateway.startedAt.toISOString(),
      goodbyeAt: iso(gateway.goodbyeAt),
      unprovenSinceAt: iso(unprovenSince),
    })),
    workers: workers.map((worker) => ({ ...worker, lastSeenAt: worker.lastSeenAt.toISOString() })),
    endpoint: first?.listen ?? '',
    recovery,
  };
}

function passingOf({ facts, conditions }: NonNullable<Awaited<ReturnType<typeof conditionsOf>>>): PassingView {
  const { goneAtMs, goneBy, goneReason } = facts;
  return {
    isGone: facts.state === 'declared_dead',
    isDead: facts.deadAtMs !== null,
    attested:
      goneAtMs === null
        ? null
        : { by: goneBy ?? 'somebody', at: new Date(goneAtMs).toISOString(), reason: goneReason ?? '' },
    conditions,
  };
}

/** Keys that applications sign with; a secret is shown once, when it is made, and never again. */
export async function gatewayKeysView(ctx: ServiceContext, actor: Actor): Promise<GatewayKeyView[]> {
  requireRole(actor, 'viewer');
  const keys = await readGatewayKeys(ctx.sql);
  return keys.map((key) => ({ ...key, createdAt: key.createdAt.toISOString(), revokedAt: iso(key.revokedAt) }));
}
