/** A process of `npm run simulate`: told of some seeds it runs them and says what they came to, until nobody asks. */
import { ALL_SAFEGUARDS, type Safeguard, without } from '@/lib/domain/safeguards';
import { runSeeds, type Seeds } from './tally';

const rule = process.argv[2] as Safeguard | undefined;
const safeguards = rule === undefined ? ALL_SAFEGUARDS : without(rule);

process.on('message', async (seeds: Seeds) => {
  process.send?.(await runSeeds(seeds, safeguards));
});
process.on('disconnect', () => process.exit(0));
