/** `npm run check`: what should be right before a commit, in under a minute. */
import { node, runStep, type Step, type StepResult, vitest } from './steps';

const steps: Step[] = [
  { name: 'types', ...node('typescript/bin/tsc', '--noEmit') },
  { name: 'lint', ...node('@biomejs/biome/bin/biome', 'check', '.') },
  // The house's own test is among them.
  vitest('unit', 'unit'),
];

const results: StepResult[] = [];
for (const step of steps) results.push(await runStep(step, { isQuiet: true }));
const failed = results.reduce((sum, result) => sum + result.failed, 0);
process.stdout.write(`${(results.reduce((sum, result) => sum + result.ms, 0) / 1000).toFixed(1)} s in all\n`);
process.exit(failed > 0 ? 1 : 0);
