/** The bounded runs of part A: each is searched completely with every rule on, and some rule fails in each with it off. */
import type { Op, Scenario } from './convergence-state';

const put = (gateway: 0 | 1, value: number): Op => ({ gateway, kind: 'put', value });
const remove = (gateway: 0 | 1): Op => ({ gateway, kind: 'delete' });
const early = (op: Op): Op => ({ ...op, sourceOnly: true });

const OLD = 8;
const live = { initial: OLD } as const;
const copying = { initial: OLD, backfill: true } as const;

export const SCENARIOS = {
  quiet: { ...live, name: 'one gateway, nothing fails', ops: [put(0, 1), put(0, 2)], noMarks: true },
  race: { ...copying, name: 'put and delete race a backfill', ops: [put(0, 1), remove(1)] },
  additions: {
    ...copying,
    name: 'additions race a backfill',
    ops: [
      { gateway: 0, kind: 'increment', value: 4 },
      { gateway: 1, kind: 'incrementReread', value: 2 },
    ],
  },
  conditions: {
    ...copying,
    name: 'conditional puts race a delete and a backfill',
    ops: [remove(0), { gateway: 1, kind: 'putIfAbsent', value: 1 }],
    faults: { failure: 1, unknown: 1 },
  },
  refusals: { ...live, name: 'mirrors are refused', ops: [put(0, 1), put(1, 2)], faults: { failure: 2 } },
  lateMirror: { ...live, name: 'a request lands late', ops: [put(0, 1), put(1, 2)], faults: { unknown: 1 } },
  lateTwice: { ...live, name: 'two requests land late', ops: [put(0, 1), remove(1)], faults: { unknown: 2 } },
  lateCopy: { ...copying, name: 'a request lands late in a backfill', ops: [remove(0)], faults: { unknown: 2 } },
  lateRace: {
    ...copying,
    name: 'a request lands late, a mirror is refused, in a backfill',
    ops: [put(0, 1), remove(1)],
    faults: { unknown: 1, failure: 1 },
  },
  gatewayCrash: { ...live, name: 'a gateway crashes', ops: [put(0, 1), put(1, 2)], faults: { gatewayCrash: 1 } },
  gatewayCrashes: {
    ...live,
    name: 'gateways crash and a request lands late',
    ops: [put(0, 1), remove(1)],
    faults: { gatewayCrash: 2, unknown: 1, failure: 1 },
  },
  laneCrash: {
    ...live,
    name: 'a lane of two writes beside another gateway, with a crash or a late request',
    ops: [put(0, 1), remove(0), put(1, 2)],
    faults: { gatewayCrash: 1, unknown: 1 },
  },
  crashInCopy: {
    ...copying,
    name: 'a gateway crashes in a backfill',
    ops: [put(0, 1), remove(1)],
    faults: { gatewayCrash: 1, failure: 1 },
  },
  beforeDual: {
    ...copying,
    name: 'a write of the epoch before dual write',
    initial: 0,
    ops: [early(put(0, 1)), put(1, 2)],
    faults: { unknown: 1 },
  },
  deleteBeforeDual: {
    ...copying,
    name: 'a delete of the epoch before dual write',
    ops: [early(remove(0))],
    faults: { unknown: 1, gatewayCrash: 1, workerCrash: 1 },
  },
  workerCrash: { ...copying, name: 'a worker crashes', ops: [remove(0)], faults: { workerCrash: 1, failure: 1 } },
  workerCrashes: {
    ...copying,
    name: 'workers crash while two gateways write',
    ops: [put(0, 1), remove(1)],
    faults: { workerCrash: 1 },
  },
  leaseLoss: {
    ...copying,
    name: 'a worker outlives its lease in a backfill',
    ops: [remove(0)],
    faults: { leaseLoss: 1, workerCrash: 1, failure: 1 },
  },
  settlerLeaseLoss: {
    ...live,
    name: 'a settler outlives its lease',
    ops: [put(0, 1), put(1, 2)],
    faults: { failure: 2, leaseLoss: 1, workerCrash: 1 },
  },
  pause: {
    ...copying,
    name: 'a worker is paused between its lease check and its write',
    ops: [remove(0)],
    faults: { leaseLoss: 1, workerCrash: 1 },
    pauseAfterCheck: true,
  },
  settlerPause: {
    ...live,
    name: 'a settler is paused between its lease check and its write',
    ops: [put(0, 1), put(1, 2)],
    faults: { failure: 2, leaseLoss: 1, workerCrash: 1, unknown: 1 },
    pauseAfterCheck: true,
  },
} as const satisfies Record<string, Scenario>;
export type ScenarioName = keyof typeof SCENARIOS;
