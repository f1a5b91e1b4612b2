import type { StoreWire, WireRequest } from '../../ports';
import { type Answer, type CallOptions, troubleOf } from '../call';

/** Sends one operation and returns the bytes of its answer, which the caller reads. Never throws, never repeats. */
export async function callForBytes(
  wire: StoreWire,
  request: Pick<WireRequest, 'operation' | 'headRoomBytes' | 'answerRoom'> & { body: Buffer },
  options: CallOptions = {},
): Promise<Answer<Buffer>> {
  const outcome = await wire.send({
    operation: request.operation,
    body: request.body,
    headRoomBytes: request.headRoomBytes,
    answerRoom: request.answerRoom,
    isReadByCaller: true,
    timeoutMs: options.timeoutMs,
    signal: options.signal,
  });
  return outcome.kind === 'ok' ? { kind: 'ok', value: outcome.body } : troubleOf(outcome);
}
