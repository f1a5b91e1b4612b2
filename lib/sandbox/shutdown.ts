/** What every process of the sandbox prints and how it ends. */

/** One JSON line by which the supervisor knows that the process serves. */
export const announceReady = (fields: object): void => {
  process.stdout.write(`${JSON.stringify({ ready: true, ...fields })}\n`);
};

/** Ends the process once `close` has, on the first SIGTERM or SIGINT; at once on the second. */
export function closeOnSignal(close: () => Promise<void>): void {
  let isClosing = false;
  const end = () => {
    if (isClosing) process.exit(1);
    isClosing = true;
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}
