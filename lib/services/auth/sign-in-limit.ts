import type { Clock } from '@/lib/adapters/ports';

export const FAILURES_MAX = 10;
export const WINDOW_MS = 5 * 60_000;
const ACCOUNTS_MAX = 10_000;

/**
 * Failed sign-ins by account, beside the limit by address: an address header can be made up by whoever reaches the
 * port, an account's name cannot. In memory, because a restart is no way for a guesser to win much.
 */
export class SignInLimit {
  readonly #failures = new Map<string, { count: number; sinceMs: number }>();
  constructor(private readonly clock: Clock) {}

  /** Seconds to wait before this account may be tried again; 0 when it may be tried now. */
  waitS(account: string): number {
    const found = this.#failures.get(account);
    if (!found || found.count < FAILURES_MAX) return 0;
    const leftMs = found.sinceMs + WINDOW_MS - this.clock.monotonicMs();
    if (leftMs > 0) return Math.ceil(leftMs / 1_000);
    this.#failures.delete(account);
    return 0;
  }

  failed(account: string): void {
    const nowMs = this.clock.monotonicMs();
    const found = this.#failures.get(account);
    const isCurrent = found !== undefined && nowMs - found.sinceMs < WINDOW_MS;
    this.#failures.delete(account);
    this.#failures.set(account, isCurrent ? { ...found, count: found.count + 1 } : { count: 1, sinceMs: nowMs });
    // The map keeps the order of insertion: the first is the one that failed longest ago.
    if (this.#failures.size > ACCOUNTS_MAX) this.#failures.delete(this.#failures.keys().next().value as string);
  }

  succeeded(account: string): void {
    this.#failures.delete(account);
  }
}
