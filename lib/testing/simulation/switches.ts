/**
 * The table of switches: for each safeguard the seed whose schedule fails with it off and not with it on, or, where no
 * schedule can show it, the test that does. `npm run simulate -- --switches` looks for the seeds anew and writes them:
 * code that asks the outside once more or less makes other schedules of the same seeds.
 */
import type { Safeguard } from '@/lib/domain/safeguards';
import found from './switches.json' with { type: 'json' };

export const SEEDS = found as Partial<Record<Safeguard, number>>;

/** Why no schedule shows it, and the test that turns red without it. */
export const ELSEWHERE: Partial<Record<Safeguard, { test: string; because: string }>> = {
  lanes: {
    test: 'lib/gateway/safeguards.it.test.ts',
    because: 'confirm and settle carry convergence without it, here and in the model; it keeps the order of marks',
  },
  leaseCheck: {
    test: 'lib/worker/safeguards.it.test.ts',
    because: 'the hold until the former holder has ended carries convergence without it, here and in the model',
  },
  checkpointAfterSettle: { test: 'lib/worker/streams.it.test.ts', because: 'there are no streams in a schedule' },
  exportAfterChannel: { test: 'lib/services/export/export.it.test.ts', because: 'there are no exports in a schedule' },
  snapshotSynced: {
    test: 'lib/gateway/safeguards.it.test.ts',
    because: 'gateways of a schedule read their routing anew at each start',
  },
  drainBeforeAck: {
    test: 'lib/gateway/safeguards.it.test.ts',
    because: 'a fence also waits until nothing is in flight, and a barrier for Δ, which covers what was sent before',
  },
  mappings: { test: 'lib/worker/mappings.it.test.ts', because: 'the table of a schedule maps no attribute' },
  canary: { test: 'lib/services/fence/fence.it.test.ts', because: 'the steps of fences here have no canary' },
  canarySwept: { test: 'lib/services/fence/fence.it.test.ts', because: 'the steps of fences here have no canary' },
  deadProven: {
    test: 'lib/services/process/passed-by.it.test.ts',
    because: 'nobody passes a gateway by in a schedule: each comes back',
  },
  snapshotsFirst: {
    test: 'lib/services/process/postgres.it.test.ts',
    because: 'the database of a schedule is never restored',
  },
  tokensShared: {
    test: 'lib/gateway/tokens.it.test.ts',
    because: 'transactions of a schedule carry no ClientRequestToken',
  },
};
