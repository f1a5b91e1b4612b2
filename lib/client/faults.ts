/** What the client itself says no with; everything else is the store's own error, as the SDK knows it. */

/** An option is missing or wrong; the message names it and the fix. */
export class LandfallOptionsError extends Error {
  override readonly name = 'LandfallOptionsError';
}

/** The client was closed, or is closing; nothing was sent. */
export class LandfallClosedError extends Error {
  override readonly name = 'LandfallClosedError';
  constructor() {
    super('This client is closed; nothing was sent. Make a new one.');
  }
}

/**
 * The client could not start, or can keep its promises no more: another process uses its data directory, the gateway
 * was declared dead, or a sync of its intents failed. A write that was under way may have been carried out.
 */
export class LandfallFatalError extends Error {
  override readonly name = 'LandfallFatalError';
  constructor(cause: unknown) {
    super(`This client serves no more: ${cause instanceof Error ? cause.message : 'unknown cause'}`, { cause });
  }
}
