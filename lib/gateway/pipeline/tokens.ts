/**
 * ClientRequestTokens across a change of authority (PROTOCOL F7): a transaction that one side has carried out must not
 * be carried out again by the other. Kept for ten minutes, as DynamoDB keeps them.
 */
import { sha256Hex } from '@/lib/adapters/dynamodb/sigv4';
import type { Clock } from '@/lib/adapters/ports';
import { LIMITS } from '../limits';
import type { GatewayAnswer } from './answer';
import type { Side } from './stores';

export interface Remembered {
  side: Side;
  bodyHash: string;
  /** Null: the outcome is not known. */
  answer: GatewayAnswer | null;
  atMs: number;
}

export type TokenVerdict =
  | { kind: 'send' }
  | { kind: 'answer'; answer: GatewayAnswer }
  | { kind: 'unknown' }
  | { kind: 'mismatch' };

export class TokenMemory {
  readonly #tokens = new Map<string, Remembered>();

  constructor(private readonly clock: Clock) {}

  /** What a token asks for now: only one that the other side knows needs care; a store knows its own. */
  look(token: string, side: Side, body: Buffer): TokenVerdict {
    const known = this.#tokens.get(token);
    if (known === undefined || this.clock.monotonicMs() - known.atMs > LIMITS.tokenLifeMs) return { kind: 'send' };
    if (known.side === side) return { kind: 'send' };
    if (known.bodyHash !== sha256Hex(body)) return { kind: 'mismatch' };
    return known.answer === null ? { kind: 'unknown' } : { kind: 'answer', answer: known.answer };
  }

  remember(token: string, of: { side: Side; body: Buffer; answer: GatewayAnswer | null }): void {
    const nowMs = this.clock.monotonicMs();
    this.#tokens.delete(token);
    this.#tokens.set(token, { side: of.side, bodyHash: sha256Hex(of.body), answer: of.answer, atMs: nowMs });
    for (const [old, { atMs }] of this.#tokens) {
      if (this.#tokens.size <= LIMITS.tokensMax && nowMs - atMs <= LIMITS.tokenLifeMs) break;
      this.#tokens.delete(old);
    }
  }

  /** What is remembered of a token now, to be put back where a request with it was refused. */
  recall(token: string): Remembered | undefined {
    return this.#tokens.get(token);
  }

  /** The request did nothing: what was known before it stands again. */
  restore(token: string, before: Remembered | undefined): void {
    if (before === undefined) this.#tokens.delete(token);
    else this.#tokens.set(token, before);
  }
}
