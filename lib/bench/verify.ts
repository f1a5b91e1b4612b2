/** `npm run bench -- verify [rounds]`: items a processor second that a verification compares, against the SDK. */
import { report, SDK_NOTES } from './copy/report';
import { runRounds } from './copy/rounds';

const ROUNDS = 5;
/** Fewer rounds are for looking, and are not written down. */
const ROUNDS_KEPT_MIN = 5;

export async function runVerifyBench(): Promise<void> {
  const asked = Number(process.argv[3] ?? ROUNDS);
  const rounds = await runRounds({
    work: 'verify',
    variants: ['sdk', 'tunedSdk', 'socketLimit', 'productConfirmed'],
    rounds: asked,
    measureCpuS: 2.5,
  });
  for (const [variant, one] of Object.entries(rounds.check)) {
    if (one.found === null || one.found === 0) throw new Error(`${variant} found none of the differences`);
  }
  const notes = [
    'Each item of the source is looked up on the target in batches of 100, whose answers come in another order, and compared. The SDK compares attribute values deeply, sets in any order.',
    'The worker is the real one with its checkpoints in a real Postgres. Before the rounds the target differs in every 97th item, and each client must see it.',
    ...SDK_NOTES,
  ];
  report(
    {
      bench: 'verify',
      bars: [
        { name: 'verifyOverSdk', variant: 'productConfirmed', over: 'sdk', atLeast: 15, limit: 'socketLimit' },
        { name: 'verifyOverSocketLimit', variant: 'productConfirmed', over: 'socketLimit', atLeast: null },
      ],
      rounds,
      notes,
    },
    asked >= ROUNDS_KEPT_MIN,
  );
}
