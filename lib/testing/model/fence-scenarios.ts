/** The bounded runs of part B. */
import type { FenceScenario } from './fence-state';

export const FENCES = {
  plain: { name: 'a fence beside two writing gateways', writesMax: 2, twoDrivers: true },
  three: { name: 'a fence beside three writes', writesMax: 3 },
  lateAndSilent: {
    name: 'one gateway starts late, one falls silent',
    writesMax: 2,
    lateStart: true,
    faults: { silence: 1 },
  },
  lateStart: { name: 'a gateway starts during the fence', writesMax: 2, lateStart: true },
  silent: { name: 'a gateway falls silent', writesMax: 2, faults: { silence: 1 } },
  crash: { name: 'a gateway crashes and restarts from its snapshot', writesMax: 2, faults: { crash: 1 } },
  refusal: { name: 'a mirror is refused before the fence', writesMax: 2, faults: { failure: 1 } },
  lateRequest: { name: 'a request lands late', writesMax: 2, faults: { unknown: 1 } },
  workerCrash: { name: 'a settler crashes', writesMax: 2, faults: { failure: 1, workerCrash: 1 } },
  drivers: {
    name: 'a driver crashes, or another takes over from it',
    writesMax: 2,
    twoDrivers: true,
    faults: { driverCrash: 1 },
  },
  verifier: { name: 'a verification marks the key', writesMax: 1, faults: { verifierMark: 1 } },
  bypass: { name: 'a writer beside the gateways, found by the stream', writesMax: 1, faults: { bypass: 1 } },
  copying: { name: 'a worker copies the key', writesMax: 1, faults: { copy: 1 } },
  gone: { name: 'a gateway that is gone is passed by', writesMax: 1, faults: { silence: 1, passBy: 1 } },
  goneCrashed: { name: 'a gateway that crashed is passed by', writesMax: 1, faults: { crash: 1, passBy: 1 } },
  restored: { name: 'Postgres is restored under a fence', writesMax: 1, faults: { restore: 1, failure: 1 } },
  restoredCrash: { name: 'Postgres is restored, a gateway is down', writesMax: 1, faults: { restore: 1, crash: 1 } },
  refusing: { name: 'the new authority refuses writes', writesMax: 1, targetRefuses: true },
} as const satisfies Record<string, FenceScenario>;
export type FenceName = keyof typeof FENCES;
