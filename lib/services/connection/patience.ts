import type { Answer } from '@/lib/adapters/dynamodb/call';

const TRIES_MAX = 4;
const REST_MS_MAX = 5_000;
const REST_MS = 200;

/** Asks again where a store asked for patience; nothing else is repeated. Counts every request. */
export class Patience {
  requests = 0;

  /** `rest` waits so many ms. */
  constructor(readonly rest: (ms: number) => Promise<void>) {}

  async ask<T>(send: () => Promise<Answer<T>>): Promise<Answer<T>> {
    for (let attempt = 1; ; attempt += 1) {
      this.requests += 1;
      const answer = await send();
      if (answer.kind !== 'refused' || !answer.isThrottle || attempt === TRIES_MAX) return answer;
      await this.rest(Math.min(answer.retryAfterMs ?? REST_MS, REST_MS_MAX));
    }
  }
}
