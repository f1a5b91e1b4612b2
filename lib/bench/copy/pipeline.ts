import { REQUESTS_AT_A_TIME } from './protocol';

/**
 * The loop that every rival runs: the next page is asked for while the last one is worked on, and so many batches are
 * under way at a time.
 */
export async function pipeline<P>(
  end: AbortSignal,
  of: { scan(): Promise<P>; batches(page: P): Iterable<() => Promise<void>> },
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  let next = of.scan();
  while (!end.aborted) {
    const page = await next;
    next = of.scan();
    for (const batch of of.batches(page)) {
      while (underWay.size >= REQUESTS_AT_A_TIME) await Promise.race(underWay);
      const going: Promise<void> = batch().finally(() => underWay.delete(going));
      underWay.add(going);
    }
  }
  await next;
  await Promise.all(underWay);
}

export function* chunksOf<T>(list: readonly T[], size: number): Iterable<readonly T[]> {
  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size);
}
