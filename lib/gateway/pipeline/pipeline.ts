/**
 * From a request to an answer. This room knows nothing of HTTP servers: the TypeScript client runs the same pipeline
 * inside an application. See PROTOCOL sections 1 and 5; each file here says which sentences it is.
 */
import type { Clock, Log, WireOutcome } from '@/lib/adapters/ports';
import type { TableRouting } from '@/lib/contracts/routing';
import type { SafeguardSet } from '@/lib/domain/safeguards';
import { type GatewayAnswer, type GatewayRequest, refusal } from './answer';
import { routed } from './parse';
import { answerOf } from './respond';
import type { Store, Stores } from './stores';
import type { Views } from './views';

export interface PipelineParts {
  views: Views;
  stores: Stores;
  clock: Clock;
  log: Log;
  safeguards: SafeguardSet;
}

export class Pipeline {
  constructor(private readonly parts: PipelineParts) {}

  async handle(request: GatewayRequest): Promise<GatewayAnswer> {
    const view = this.parts.views.current;
    if (view === null) return refusal('ServiceUnavailableException', 'This gateway has not seen its routing yet.', 503);
    const found = routed(request, view);
    if (found === null) {
      this.parts.views.begin(view);
      try {
        return await passThrough(this.parts, request);
      } finally {
        this.parts.views.end(view);
      }
    }
    return await passThrough(this.parts, request);
  }
}

/** The bytes as they came, to the source, and its answer as it came. */
export async function passThrough(parts: PipelineParts, request: GatewayRequest): Promise<GatewayAnswer> {
  const store = parts.stores.source();
  return answerOf(await forward(store, request), store.kind);
}

/** Sends a request once. `body` replaces the bytes where they had to change. */
export function forward(
  store: Store,
  request: GatewayRequest,
  options: { body?: Buffer; timeoutMs?: number } = {},
): Promise<WireOutcome> {
  const { body, timeoutMs } = options;
  return store.wire.send({
    operation: request.operation,
    target: request.target,
    body: body ?? request.body,
    payloadHash: body === undefined ? request.payloadHash : undefined,
    timeoutMs,
  });
}

export type { TableRouting };
