/**
 * Like Promise.all, but returns only when every one has ended: whoever says that nothing is in flight any more must not
 * have left a request behind because a neighbour of it failed first.
 */
export async function allEnded<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const ended = await Promise.allSettled(promises);
  const failed = ended.find((one): one is PromiseRejectedResult => one.status === 'rejected');
  if (failed) throw failed.reason;
  return ended.map((one) => (one as PromiseFulfilledResult<T>).value);
}
