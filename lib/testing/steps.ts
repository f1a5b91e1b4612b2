/** Steps of `npm run check` and `npm test`: each a process, timed, with the counts of its JSON report where it has one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Counts, playwrightReport, type Report, repeated, vitestReport } from './reports';

export interface Step {
  name: string;
  command: string;
  args: string[];
  environment?: Record<string, string>;
  /** Where the step's process writes its report, and what it says. Without one the step counts as one test. */
  report?: { file: string; read: (report: unknown) => Report };
}
export interface StepResult extends Counts, Pick<Report, 'troubles' | 'byFile'> {
  name: string;
  ms: number;
  output: string;
}

// A guard against a step that hangs, not a budget: machines differ by more than twice.
const STEP_MS_MAX = 45 * 60_000;
const OUTPUT_CHARS_MAX = 2_000_000;

let reportDir: string | null = null;

/** A file in a directory that goes when the run ends; made at the first call, so that importing does nothing. */
function reportFile(name: string): string {
  if (reportDir === null) {
    const made = mkdtempSync(join(tmpdir(), 'landfall-report-'));
    reportDir = made;
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  return join(reportDir, `${name}.json`);
}

export const node = (script: string, ...args: string[]): Pick<Step, 'command' | 'args'> => ({
  command: process.execPath,
  args: [join('node_modules', script), ...args],
});

/** One vitest project, its lines on the terminal and its counts from the JSON report. */
export function vitest(name: string, project: 'unit' | 'integration', ...args: string[]): Step {
  const file = reportFile(name);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  return {
    ...{ name, report: { file, read: vitestReport } },
    ...node('vitest/vitest.mjs', 'run', '--project', project, ...reporters, ...args),
  };
}

/** Beginnings of paths of tests that judge processes by the clock or take both cores: nothing else may run beside them. */
export const JUDGED_BY_THE_CLOCK: readonly string[] = [
  ...['lib/gateway/control.', 'lib/gateway/http/', 'lib/gateway/outage.', 'lib/gateway/seams.', 'lib/worker/pacing.'],
  ...['lib/supervisor/', 'lib/testing/clients/', 'lib/testing/fence-live.', 'lib/testing/long/'],
  'lib/testing/transparency/',
];

/** The integration tests in two steps that leave none out: two files at a time, most of which wait, then one. */
export const integration = (): Step[] => [
  {
    ...vitest('paired', 'integration'),
    environment: {
      LANDFALL_TEST_WORKERS: '2',
      LANDFALL_TEST_LEAVES_OUT: JUDGED_BY_THE_CLOCK.map((path) => `${path}${path.endsWith('/') ? '**' : '*'}`).join(
        ',',
      ),
    },
  },
  vitest('timed', 'integration', ...JUDGED_BY_THE_CLOCK),
];

export function playwright(environment: Record<string, string>): Step {
  const file = reportFile('playwright');
  return {
    ...{ name: 'browser', report: { file, read: playwrightReport } },
    environment: { ...environment, PLAYWRIGHT_JSON_OUTPUT_NAME: file },
    ...node('@playwright/test/cli.js', 'test', '--reporter=list,./e2e/fixtures/page-reporter.ts,json'),
  };
}

let running: ChildProcess | null = null;
let isArmed = false;

/** Ctrl-C ends the step that runs, then the run. */
function endWithSignals(): void {
  if (isArmed) return;
  isArmed = true;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      running?.kill(signal);
      process.exit(130);
    });
  }
}

function reportOf(step: Step, code: number | null): Report {
  const bare = (failed: number): Report => ({
    counts: { passed: step.report || failed > 0 ? 0 : 1, failed, skipped: 0 },
    troubles:
      failed > 0 ? [{ file: null, name: step.name, isMended: false, message: `ended with ${code ?? 'a signal'}` }] : [],
  });
  if (!step.report) return bare(code === 0 ? 0 : 1);
  if (!existsSync(step.report.file)) return bare(1);
  const report = step.report.read(JSON.parse(readFileSync(step.report.file, 'utf8')));
  // A runner that failed without a failed test (an unhandled error, no tests) has failed all the same.
  if (code === 0 || report.counts.failed > 0) return report;
  return { counts: { ...report.counts, failed: 1 }, troubles: [...report.troubles, ...bare(1).troubles] };
}

/** Runs one step to its end. `isQuiet` keeps its output until it fails. */
export async function runStep(step: Step, options: { isQuiet: boolean }): Promise<StepResult> {
  endWithSignals();
  const began = performance.now();
  let output = '';
  const code = await new Promise<number | null>((done) => {
    const child = spawn(step.command, step.args, {
      env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', ...step.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: STEP_MS_MAX,
    });
    running = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        if (output.length < OUTPUT_CHARS_MAX) output += chunk.toString();
        if (!options.isQuiet) process.stdout.write(chunk);
      });
    }
    child.once('error', () => done(1));
    child.once('close', (ended) => done(ended));
  });
  running = null;
  const { counts, ...told } = reportOf(step, code);
  const result = { name: step.name, ms: performance.now() - began, output, ...told, ...counts };
  if (result.failed > 0 && options.isQuiet) process.stdout.write(output);
  const counted = step.report
    ? `${result.passed} passed, ${result.failed} failed`
    : result.failed > 0
      ? 'failed'
      : 'ok';
  const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : '';
  process.stdout.write(
    `${step.name.padEnd(12)} ${(result.ms / 1000).toFixed(1).padStart(7)} s  ${counted}${skipped}\n`,
  );
  return result;
}

/**
 * Runs a step of integration tests. Files that failed are repeated once, each whole and nothing beside it: tests of a file
 * build on one another, and on a shared machine another's load may have made one late. What passes only then is named.
 */
export async function runAndRepeat(step: Step): Promise<StepResult> {
  const first = await runStep(step, { isQuiet: false });
  const files = [...(first.byFile ?? [])].filter(([, { failed }]) => failed > 0).map(([file]) => file);
  if (files.length === 0) return first;
  const name = `${step.name} again`;
  const again = await runStep(vitest(name, 'integration', ...files), { isQuiet: false });
  const asReport = ({ troubles, byFile, ...counts }: StepResult): Report => ({ troubles, byFile, counts });
  const { counts, ...told } = repeated(asReport(first), asReport(again));
  return { name: step.name, ms: first.ms + again.ms, output: first.output + again.output, ...told, ...counts };
}
