/**
 * `npm run test:transparency -- [--source URL] [--region R] [--access-key ID] [--secret-key S] [--stage NAME …]`: every
 * case direct and through the gateway in each stage. The last line is `N passed, N failed`.
 */
import { parseArgs } from 'node:util';
import { STAGE_ENTRIES, type StageName } from '../static-rig';
import { CASES, runTransparency } from './transparency';

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    region: { type: 'string', default: 'eu-central-1' },
    'access-key': { type: 'string', default: 'local' },
    'secret-key': { type: 'string', default: 'local' },
    stage: { type: 'string', multiple: true },
    only: { type: 'string' },
  },
});
const known = Object.keys(STAGE_ENTRIES) as StageName[];
const stages = values.stage === undefined ? known : (values.stage as StageName[]);
const wrong = stages.filter((stage) => !known.includes(stage));
if (wrong.length > 0) {
  process.stderr.write(`--stage ${wrong.join(', ')}: give one of ${known.join(', ')}\n`);
  process.exit(2);
}
const { only } = values;
const cases = only === undefined ? CASES : CASES.filter(({ name }) => name.includes(only));
const credentials = { accessKeyId: values['access-key'], secretAccessKey: values['secret-key'] };
const { passed, failures } = await runTransparency({
  stages,
  cases,
  source: values.source === undefined ? undefined : { url: values.source, region: values.region, credentials },
  say: (line) => process.stdout.write(`${line}\n`),
});
process.stdout.write(`${cases.length} cases in ${stages.length} stages\n${passed} passed, ${failures.length} failed\n`);
process.exit(failures.length > 0 ? 1 : 0);
