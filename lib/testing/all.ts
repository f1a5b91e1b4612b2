/**
 * `npm test`: everything, in the order in which it fails fastest. A failed step does not hide the ones after it. The
 * last line is `N passed, N failed`; types, lint and the build count as one each.
 */
import { existsSync } from 'node:fs';
import { testingConfig } from '@/lib/config';
import { buildIfStale } from '@/lib/supervisor/build';
import { findChromium } from '@/lib/supervisor/chromium';
import { type Counts, sumOf, troubleLines } from './reports';
import { integration, node, playwright, runAndRepeat, runStep, type Step, type StepResult, vitest } from './steps';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function build(): Promise<StepResult> {
  const began = performance.now();
  const result = (counts: Counts): StepResult => ({
    name: 'build',
    ms: performance.now() - began,
    ...{ output: '', troubles: [] },
    ...counts,
  });
  try {
    const isBuilt = await buildIfStale((text) => process.stdout.write(text));
    const done = result({ passed: 1, failed: 0, skipped: 0 });
    say(`build        ${(done.ms / 1000).toFixed(1).padStart(7)} s  ${isBuilt ? 'ok' : 'is current'}`);
    return done;
  } catch (error) {
    say((error as Error).message);
    const done = result({ passed: 0, failed: 1, skipped: 0 });
    say(`build        ${(done.ms / 1000).toFixed(1).padStart(7)} s  failed`);
    return done;
  }
}

async function browser(): Promise<StepResult> {
  const found = await findChromium(testingConfig().chromium);
  if (!found) {
    say('browser      no Chromium: set CHROMIUM to one, or run `npm ci` again');
    return { name: 'browser', ms: 0, output: '', troubles: [], passed: 0, failed: 1, skipped: 0 };
  }
  say(`browser      ${found.path}`);
  return await runStep(playwright({ CHROMIUM: found.path }), { isQuiet: false });
}

const quick: Step[] = [
  { name: 'types', ...node('typescript/bin/tsc', '--noEmit') },
  { name: 'lint', ...node('@biomejs/biome/bin/biome', 'check', '.') },
  vitest('unit', 'unit'),
];

const results: StepResult[] = [];
/** So many schedules of the simulation at most, a fifth of them the same at each push, and no more than so long. */
const SIMULATED = ['--schedules', '10000', '--fixed', '2000', '--seconds-max', '60'];
const simulation: Step = {
  ...{ name: 'simulation', command: process.execPath },
  args: ['--import', 'tsx', 'lib/testing/simulation/main.ts', ...SIMULATED],
};

for (const step of quick) results.push(await runStep(step, { isQuiet: true }));
results.push(await runStep(simulation, { isQuiet: false }));
for (const step of integration())
  results.push(testingConfig().isCi ? await runAndRepeat(step) : await runStep(step, { isQuiet: false }));
const built = await build();
results.push(built);
if (existsSync('playwright.config.ts') && built.failed === 0) results.push(await browser());

say('');
for (const line of results.flatMap(({ troubles }) => troubles).flatMap(troubleLines)) say(line);
say('');
for (const { name, ms, passed, failed, skipped } of results) {
  say(
    `${name.padEnd(12)} ${(ms / 1000).toFixed(1).padStart(7)} s  ${passed} passed, ${failed} failed, ${skipped} skipped`,
  );
}
const { passed, failed } = sumOf(results);
say(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
