/** What every operation of the pipeline works with, and the one way in which it asks a store. */

import { THROTTLE_TYPES } from '@/lib/adapters/dynamodb/call';
import type { Clock, Log, WireOutcome } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import type { Admission } from '../admission/admission';
import { spared } from '../breaker/guard';
import type { Intents } from '../intents/intents';
import { LIMITS } from '../limits';
import { type GatewayAnswer, type GatewayRequest, refusal } from './answer';
import type { Lanes } from './lanes';
import type { DirtyKnown, Marker } from './marker';
import type { Mirror, MirrorJob } from './mirror';
import type { Json } from './parse';
import type { Shadow } from './shadow/shadow';
import type { Side, Stores } from './stores';
import type { TokenMemory } from './tokens';
import type { RoutingView, Views } from './views';

export interface PipelineParts {
  views: Views;
  stores: Stores;
  clock: Clock;
  log: Log;
  safeguards: SafeguardSet;
  lanes: Lanes<MirrorJob>;
  mirror: Mirror;
  intents: Intents;
  marker: Marker;
  dirty: DirtyKnown;
  tokens: TokenMemory;
  admission: Admission;
  shadow: Shadow;
  /** False where no plan can move a table while it is scanned. */
  marksCursors?: boolean;
}

/** One request under one view, whose bytes are sent as they came. */
export interface Through {
  parts: PipelineParts;
  view: RoutingView;
  request: GatewayRequest;
}

/** One request under one view. */
export interface Call extends Through {
  input: Json;
}

/** Sends a request about one table to one side, once; counts and times it. `body` replaces the bytes. */
export async function ask(
  call: Call,
  where: { table: TableRouting; side: Side },
  body: Buffer | null,
): Promise<WireOutcome> {
  const { clock } = call.parts;
  const startedAt = clock.monotonicMs();
  const outcome = await begin(call, where, body);
  account(call, where, { outcome, tookMs: clock.monotonicMs() - startedAt });
  return outcome;
}

/** The first half of `ask`, for those who wait themselves: one promise less for each request. `account` follows. */
export function begin(
  call: Through,
  { table, side }: { table: TableRouting; side: Side },
  body: Buffer | null,
): Promise<WireOutcome> {
  const { parts, request } = call;
  return parts.stores.side(table, side).wire.send({
    operation: request.operation,
    target: request.target,
    body: body ?? request.body,
    payloadHash: body === null ? request.payloadHash : undefined,
    timeoutMs: timeoutMsOf(table),
  });
}

export function account(
  call: Through,
  { table, side }: { table: TableRouting; side: Side },
  { outcome, tookMs }: { outcome: WireOutcome; tookMs: number },
): void {
  const traffic = call.view.traffic(table.planTableId);
  traffic.took(side, tookMs);
  if (outcome.kind === 'unknown' || (outcome.kind === 'refused' && THROTTLE_TYPES.has(outcome.errorType))) {
    traffic.add(side === 'source' ? 'sourceErrors' : 'targetErrors');
  }
}

/**
 * A read of the follower that the authority can answer as well, where the follower is better left alone (its breaker is
 * open, or it asked for patience): nothing is sent, and the read falls back at once. Null: ask it.
 */
export function sparedRead(call: Call, table: TableRouting, side: Side): WireOutcome | null {
  if (side === table.authority) return null;
  const { admits } = call.parts.stores.side(table, side);
  return admits === undefined || admits() ? null : spared();
}

/** The plan's bound while a hold may have to wait for the request; before and after the move, the source's own pace. */
export const timeoutMsOf = (table: TableRouting): number =>
  table.stage === 'planned' || table.stage === 'retired' ? LIMITS.passThroughTimeoutMs : table.storeTimeoutMs;

/** Held or refused: SDKs repeat it by themselves. */
export const comeAgain = (table: TableRouting): GatewayAnswer =>
  refusal(
    'ThrottlingException',
    `Writes to ${table.tableName} are stopped for a moment by the plan "${table.planName}"; try again.`,
  );

export const noRecord = (table: TableRouting): GatewayAnswer =>
  refusal(
    'InternalServerError',
    `The gateway cannot record writes to ${table.tableName} (plan "${table.planName}"); nothing was written.`,
    500,
  );
