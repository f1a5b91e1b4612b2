import type { StoreWire } from '../../ports';
import { type Answer, type CallOptions, troubleOf } from '../call';

/** Sends one operation and returns the bytes of its answer, which the caller reads. Never throws, never repeats. */
export async function callForBytes(
  wire: StoreWire,
  request: { operation: string; body: Buffer },
  options: CallOptions = {},
): Promise<Answer<Buffer>> {
  const outcome = await wire.send({ ...request, ...options, isReadByCaller: true });
  return outcome.kind === 'ok' ? { kind: 'ok', value: outcome.body } : troubleOf(outcome);
}
