/** The long runs in small: the same code and the same promises, so that what is measured by the hour cannot rot. */
import { describe, expect, inject, test } from 'vitest';
import { runOutage } from './outage';
import { runOverload } from './overload';
import { runRestarts } from './restarts';
import type { LongRun } from './result';
import { runSoak } from './soak';

const options = (rounds: number) => ({ serverUrl: inject('postgresUrl'), rounds, say: () => {} });

describe('in small, every promise holds of', () => {
  const runs: [string, () => Promise<LongRun>][] = [
    ['a target that is gone in the middle of dual write', () => runOutage(options(4))],
    ['more than a gateway can carry', () => runOverload({ ...options(8), perSecond: 150 })],
    ['rolling restarts under load', () => runRestarts(options(2))],
    ['two gateways that share reads out', () => runSoak({ ...options(8), perSecond: 40 })],
  ];
  for (const [name, run] of runs) {
    test(name, async () => {
      expect((await run()).broken).toEqual([]);
    }, 120_000);
  }
});
