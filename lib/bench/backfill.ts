/** `npm run bench -- backfill [rounds]`: items a processor second that a backfill copies, against other ways to copy. */
import { report, SDK_NOTES } from './copy/report';
import { runRounds } from './copy/rounds';

const ROUNDS = 5;
/** Fewer rounds are for looking, and are not written down. */
const ROUNDS_KEPT_MIN = 5;

export async function runBackfillBench(): Promise<void> {
  const asked = Number(process.argv[3] ?? ROUNDS);
  const rounds = await runRounds({
    work: 'backfill',
    variants: ['sdk', 'tunedSdk', 'socketLimit', 'socketLimitConfirmed', 'product', 'productConfirmed'],
    rounds: asked,
    measureCpuS: 2.5,
  });
  const [unconfirmed, confirmed] = ['socketLimit', 'socketLimitConfirmed'];
  const bars = [
    { name: 'backfillOverSdk', variant: 'product', over: 'sdk', atLeast: 25, limit: unconfirmed },
    { name: 'backfillOverTunedSdk', variant: 'product', over: 'tunedSdk', atLeast: 10, limit: unconfirmed },
    { name: 'backfillConfirmedOverSdk', variant: 'productConfirmed', over: 'sdk', atLeast: 12, limit: confirmed },
    { name: 'backfillOverSocketLimit', variant: 'product', over: unconfirmed, atLeast: 0.5 },
    { name: 'confirmedOverSocketLimit', variant: 'productConfirmed', over: confirmed, atLeast: null },
  ];
  const notes = [
    'The worker is the real one: leases, page keys, pace, verdicts and checkpoints in a real Postgres, six segments at a time; only the queue is left out. Unconfirmed is the same with the confirming reads switched off, which no process that runs can do.',
    'The SDK and the bare socket ask for pages of 1 MB and write batches of 25, 32 at a time; they keep no account and store no position. Where it reads back, the bare socket does so for each 100 items, and compares them as the worker does.',
    ...SDK_NOTES,
  ];
  report({ bench: 'backfill', bars, rounds, notes }, asked >= ROUNDS_KEPT_MIN);
}
