/** What the JSON reports of the test runners say: how many tests passed and failed, and which ones, and why. */
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}
/** A test that failed, or that passed only when it was repeated. */
export interface Trouble {
  /** Its file from the root of the checkout, and its name. */
  test: string;
  /** True where a repetition passed. */
  isMended: boolean;
  /** What its last failure said. */
  message: string;
}
export interface Report {
  counts: Counts;
  troubles: Trouble[];
}

interface VitestFile {
  name: string;
  status: string;
  message: string;
  assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
}
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: VitestFile[];
}

const isNotLoaded = (file: VitestFile): boolean =>
  file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');

function vitestTroubles(file: VitestFile): Trouble[] {
  const path = relative(process.cwd(), file.name);
  if (isNotLoaded(file)) return [{ test: path, isMended: false, message: file.message }];
  return file.assertionResults
    .filter(({ status, failureMessages }) => status === 'failed' || failureMessages.length > 0)
    .map(({ status, fullName, failureMessages }) => ({
      ...{ test: `${path} › ${fullName.trim()}`, isMended: status !== 'failed' },
      message: failureMessages.at(-1) ?? '',
    }));
}

/** Vitest's JSON report. A file that did not load counts as one failure, though none of its tests ran. */
export function vitestReport(report: unknown): Report {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = report as VitestReport;
  const failed = numFailedTests + testResults.filter(isNotLoaded).length;
  return {
    counts: { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests },
    troubles: testResults.flatMap(vitestTroubles),
  };
}

interface PlaywrightSuite {
  suites?: PlaywrightSuite[];
  specs?: {
    file: string;
    title: string;
    tests: { status: string; results: { error?: { message?: string } }[] }[];
  }[];
}
interface PlaywrightReport {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number };
  errors: { message?: string }[];
  suites: PlaywrightSuite[];
}

const playwrightTroubles = (suite: PlaywrightSuite): Trouble[] => [
  ...(suite.suites ?? []).flatMap(playwrightTroubles),
  ...(suite.specs ?? []).flatMap(({ file, title, tests }) =>
    tests
      .filter(({ status }) => status === 'unexpected' || status === 'flaky')
      .map(({ status, results }) => ({
        ...{ test: `${file} › ${title}`, isMended: status === 'flaky' },
        message: results.findLast((result) => result.error)?.error?.message ?? '',
      })),
  ),
];

/** Playwright's JSON report. A test that passed on a retry has passed; errors outside tests count as failures. */
export function playwrightReport(report: unknown): Report {
  const { stats, errors, suites } = report as PlaywrightReport;
  const outside = stats.unexpected === 0 ? errors : [];
  return {
    counts: {
      ...{ passed: stats.expected + stats.flaky, failed: stats.unexpected + outside.length },
      skipped: stats.skipped,
    },
    troubles: [
      ...suites.flatMap(playwrightTroubles),
      ...outside.map(({ message = '' }) => ({ test: 'outside of every test', isMended: false, message })),
    ],
  };
}

const MESSAGE_LINES_MAX = 12;

/** The lines that name a trouble where only the end of a log is kept. */
export function troubleLines({ test, isMended, message }: Trouble): string[] {
  const lines = stripVTControlCharacters(message)
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes('node_modules'));
  return [
    `${isMended ? 'passed only when it was repeated' : 'failed'}: ${test}`,
    ...lines.slice(0, MESSAGE_LINES_MAX).map((line) => `    ${line}`),
  ];
}
