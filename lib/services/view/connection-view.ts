import {
  type ConnectionRow,
  type ConnectionUse,
  type ProbeResult,
  readConnection,
  readConnections,
  readConnectionUses,
} from '@/db/queries/connection/connections';
import { readMonthUse } from '@/db/queries/pacing';
import type { ConnectionView, QuotaView } from '@/lib/contracts/views';
import { AppError } from '@/lib/domain/errors';
import { burnDown, burnPoints, quotaLeft, quotaReason, quotaWarning } from '@/lib/domain/pacing/quota';
import type { Actor, ServiceContext } from '../context';
import { requireRole } from './require-role';

/** Every connection with its last probe; of a credential only the last characters of its id. */
export async function connectionViews(ctx: ServiceContext, actor: Actor): Promise<ConnectionView[]> {
  requireRole(actor, 'viewer');
  const [rows, uses] = await Promise.all([readConnections(ctx.db), readConnectionUses(ctx.sql, null)]);
  return rows.map((row) => toView(row, uses));
}

/** One connection. @throws AppError `connection.not_found` */
export async function connectionView(ctx: ServiceContext, actor: Actor, connectionId: string): Promise<ConnectionView> {
  requireRole(actor, 'viewer');
  const row = await readConnection(ctx.db, connectionId);
  if (!row) throw new AppError('connection.not_found', `There is no connection ${connectionId.slice(0, 60)}.`);
  return toView(row, await readConnectionUses(ctx.sql, connectionId));
}

/** This month's quota of a connection with its burn-down; null: it has none. @throws AppError `connection.not_found` */
export async function quotaView(ctx: ServiceContext, actor: Actor, connectionId: string): Promise<QuotaView | null> {
  requireRole(actor, 'viewer');
  const row = await readConnection(ctx.db, connectionId);
  if (!row) throw new AppError('connection.not_found', `There is no connection ${connectionId.slice(0, 60)}.`);
  const { requestsPerMonth, liveReserveMilli } = row.limits;
  if (requestsPerMonth === null) return null;
  const { used, nowMs, days } = await readMonthUse(ctx.sql, connectionId);
  const quota = { requestsPerMonth, used, liveReserveMilli };
  const at = { name: row.name, nowMs };
  const { remaining, endsAtMs, monthEndsAtMs } = burnDown(quota, nowMs);
  const points = burnPoints(quota, { days, nowMs });
  return {
    ...{ requestsPerMonth, used, remaining, points },
    reserve: requestsPerMonth - quotaLeft({ ...quota, used: 0 }, true),
    monthStartsAt: new Date(points[0]?.atMs ?? nowMs).toISOString(),
    monthEndsAt: new Date(monthEndsAtMs).toISOString(),
    endsAt: endsAtMs === null ? null : new Date(endsAtMs).toISOString(),
    sentence: quotaReason(quota, at) ?? quotaWarning(quota, at),
  };
}

function toView(row: ConnectionRow, uses: readonly ConnectionUse[]): ConnectionView {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    endpoint: row.endpoint,
    region: row.region,
    credentialHint: row.credentialHint,
    mayCreateTables: row.mayCreateTables,
    limits: row.limits,
    probe: row.probe ? probeOf(row.probe) : null,
    usedBy: uses.filter((use) => use.connectionId === row.id).map(({ planId, planName }) => ({ planId, planName })),
    version: row.version,
  };
}

const probeOf = ({ atMs, ...probe }: ProbeResult): NonNullable<ConnectionView['probe']> => ({
  ...probe,
  at: new Date(atMs).toISOString(),
});
