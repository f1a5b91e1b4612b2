/** How much of what was let go of is still there after collections of the young generation alone. */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'minor' | 'major' }) => void;

function collector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}

const heapBytes = (): number => getHeapSpaceStatistics().reduce((sum, { space_used_size: bytes }) => sum + bytes, 0);

/**
 * Runs `round` many times, with collections of the young generation in between as a process under load has them, and
 * returns by how many bytes the heap has grown. What `round` makes and lets go of should be none of them; what something
 * old still names is moved to the old space, where only a full collection would find it.
 */
export function keptBytes(round: (at: number) => void, rounds = 200): number {
  const collect = collector();
  round(-1);
  // Twice: what survives two of them is old from then on.
  for (let at = 0; at < 3; at += 1) collect({ type: 'minor' });
  collect({ type: 'major' });
  const before = heapBytes();
  for (let at = 0; at < rounds; at += 1) {
    round(at);
    if (at % 10 === 9) collect({ type: 'minor' });
  }
  for (let at = 0; at < 3; at += 1) collect({ type: 'minor' });
  return heapBytes() - before;
}
