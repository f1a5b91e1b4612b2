/**
 * ClientRequestTokens across a change of authority (PROTOCOL F7): a transaction that one side has carried out must not
 * be carried out again by the other. Kept for ten minutes, as DynamoDB keeps them, and shared between gateways at a
 * fence (`lib/gateway/control/token-share.ts`); a token itself is never kept, its hash is.
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

/** One as it goes to other gateways. */
export interface SharedToken extends Omit<Remembered, 'atMs'> {
  tokenHash: string;
  ageMs: number;
}

export class TokenMemory {
  readonly #tokens = new Map<string, Remembered>();

  constructor(private readonly clock: Clock) {}

  /** What a token asks for now: only one that the other side knows needs care; a store knows its own. */
  look(token: string, side: Side, body: Buffer): TokenVerdict {
    const known = this.#tokens.get(sha256Hex(token));
    if (known === undefined || this.clock.monotonicMs() - known.atMs > LIMITS.tokenLifeMs) return { kind: 'send' };
    if (known.side === side) return { kind: 'send' };
    if (known.bodyHash !== sha256Hex(body)) return { kind: 'mismatch' };
    return known.answer === null ? { kind: 'unknown' } : { kind: 'answer', answer: known.answer };
  }

  remember(token: string, of: { side: Side; body: Buffer; answer: GatewayAnswer | null }): void {
    const bodyHash = sha256Hex(of.body);
    this.#put(sha256Hex(token), { side: of.side, bodyHash, answer: of.answer, atMs: this.clock.monotonicMs() });
    const nowMs = this.clock.monotonicMs();
    for (const [old, { atMs }] of this.#tokens) {
      if (this.#tokens.size <= LIMITS.tokensMax && nowMs - atMs <= LIMITS.tokenLifeMs) break;
      this.#tokens.delete(old);
    }
  }

  /** What is remembered of a token now, to be put back where a request with it was refused. */
  recall(token: string): Remembered | undefined {
    return this.#tokens.get(sha256Hex(token));
  }

  /** The request did nothing: what was known before it stands again. */
  restore(token: string, before: Remembered | undefined): void {
    if (before === undefined) this.#tokens.delete(sha256Hex(token));
    else this.#put(sha256Hex(token), before);
  }

  /** All that are younger than their life, for other gateways. */
  shared(): SharedToken[] {
    const nowMs = this.clock.monotonicMs();
    return [...this.#tokens]
      .map(([tokenHash, { atMs, ...known }]) => ({ tokenHash, ...known, ageMs: nowMs - atMs }))
      .filter((one) => one.ageMs <= LIMITS.tokenLifeMs);
  }

  /** Those of another gateway; what this one knows for certain stays. */
  learn(tokens: readonly SharedToken[]): void {
    const nowMs = this.clock.monotonicMs();
    for (const { tokenHash, ageMs, ...known } of tokens) {
      if (ageMs > LIMITS.tokenLifeMs || this.#tokens.size >= LIMITS.tokensMax) continue;
      const mine = this.#tokens.get(tokenHash);
      if (mine !== undefined && (mine.answer !== null || known.answer === null)) continue;
      this.#put(tokenHash, { ...known, atMs: nowMs - ageMs });
    }
  }

  /** The newest last, so that the oldest go first. */
  #put(tokenHash: string, known: Remembered): void {
    this.#tokens.delete(tokenHash);
    this.#tokens.set(tokenHash, known);
  }
}
