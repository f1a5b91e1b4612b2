/** This gateway was passed by while it was away. What it knows may be old, and its keys are refused. */
export class DeclaredDeadError extends Error {
  override readonly name = 'DeclaredDeadError';
  constructor(gatewayId: string) {
    super(`Gateway ${gatewayId} was declared dead and returns only under a new identity: give it a new name`);
  }
}
