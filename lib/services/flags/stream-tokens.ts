/**
 * Addresses of event streams. A browser's EventSource sends no header, so its address carries who asks: an opaque token
 * that any web process can check and that expires. It is the same for a key through one window, so that a provider that
 * is handed its address again keeps its stream.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { FlagKeyRow } from '@/lib/contracts/flags';
import { FLAG_LIMITS } from './limits';

const TOKEN_BYTES = 32;

export class StreamTokens {
  readonly #secret: Buffer;

  constructor(sealingKey: string) {
    this.#secret = Buffer.from(hkdfSync('sha256', sealingKey, '', 'landfall flag stream', TOKEN_BYTES));
  }

  current(key: FlagKeyRow, nowMs: number): string {
    return this.#token(key, windowOf(nowMs));
  }

  /** The key whose token of this window or the last one it is; null where it is none. */
  keyOf(token: string, keys: readonly FlagKeyRow[], nowMs: number): FlagKeyRow | null {
    const given = Buffer.from(token, 'base64url');
    if (given.length !== TOKEN_BYTES) return null;
    const window = windowOf(nowMs);
    for (const key of keys) {
      for (const each of [window, window - 1])
        if (timingSafeEqual(Buffer.from(this.#token(key, each), 'base64url'), given)) return key;
    }
    return null;
  }

  #token(key: FlagKeyRow, window: number): string {
    // With the hash of the key itself, so that no two keys that ever were share an address.
    return createHmac('sha256', this.#secret).update(`${key.id} ${key.keyHash} ${window}`).digest('base64url');
  }
}

const windowOf = (nowMs: number): number => Math.floor(nowMs / FLAG_LIMITS.tokenWindowMs);
