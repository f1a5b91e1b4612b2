export interface WaitOptions {
  /** Names what is waited for; the error says it. */
  what?: string;
  timeoutMs?: number;
  everyMs?: number;
}

/**
 * Waits until `condition` returns something truthy and returns that. The tests' only way to wait: a condition with a
 * deadline, never a sleep. A condition that throws counts as not yet met, and its last error is part of the failure.
 */
export async function waitFor<T>(condition: () => T | Promise<T>, options: WaitOptions = {}): Promise<NonNullable<T>> {
  const { what = 'the condition', timeoutMs = 30_000, everyMs = 25 } = options;
  const deadlineAt = performance.now() + timeoutMs;
  let last: unknown = null;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as NonNullable<T>;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadlineAt) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`Waited ${timeoutMs} ms for ${what}; last seen: ${seen}`);
    }
    await new Promise((done) => setTimeout(done, everyMs));
  }
}
