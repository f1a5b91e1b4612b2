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
  /** From the root of the checkout; null where no file is to blame. */
  file: string | null;
  /** Of the test; null where the whole file failed. */
  name: string | null;
  /** True where a repetition passed. */
  isMended: boolean;
  /** What its last failure said. */
  message: string;
}
export interface Report {
  counts: Counts;
  troubles: Trouble[];
  /** Counts of each file, where the runner tells them apart. */
  byFile?: Map<string, Counts>;
}

interface VitestFile {
  name: string;
  status: string;
  message: string;
  assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
}

const isNotLoaded = (file: VitestFile): boolean =>
  file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');

const pathOf = (file: VitestFile): string => relative(process.cwd(), file.name);

function vitestTroubles(file: VitestFile): Trouble[] {
  if (isNotLoaded(file)) return [{ file: pathOf(file), name: null, isMended: false, message: file.message }];
  return file.assertionResults
    .filter(({ status, failureMessages }) => status === 'failed' || failureMessages.length > 0)
    .map(({ status, fullName, failureMessages }) => ({
      ...{ file: pathOf(file), name: fullName.trim(), isMended: status !== 'failed' },
      message: failureMessages.at(-1) ?? '',
    }));
}

function countsOfFile(file: VitestFile): Counts {
  const of = (wanted: string) => file.assertionResults.filter(({ status }) => status === wanted).length;
  const [passed, failed] = [of('passed'), of('failed')];
  const skipped = file.assertionResults.length - passed - failed;
  return { passed, failed: failed + (isNotLoaded(file) ? 1 : 0), skipped };
}

export const sumOf = (all: Iterable<Counts>): Counts => {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of all) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  return sum;
};

/** Vitest's JSON report. A file that did not load counts as one failure, though none of its tests ran. */
export function vitestReport(report: unknown): Report {
  const { testResults } = report as { testResults: VitestFile[] };
  const byFile = new Map(testResults.map((file) => [pathOf(file), countsOfFile(file)]));
  return { counts: sumOf(byFile.values()), troubles: testResults.flatMap(vitestTroubles), byFile };
}

/** What became of a run once its failed files were repeated: the repetition says how these stand. */
export function repeated(first: Report, again: Report): Report {
  const byFile = new Map([...(first.byFile ?? []), ...(again.byFile ?? [])]);
  const failedAgain = ({ file, name }: Trouble): boolean =>
    again.troubles.some((trouble) => !trouble.isMended && trouble.file === file && trouble.name === name);
  const sum = sumOf(byFile.values());
  // What failed outside of every file, an unhandled error for one.
  const outside = again.counts.failed - sumOf(again.byFile?.values() ?? []).failed;
  return {
    ...{ byFile, counts: { ...sum, failed: sum.failed + outside } },
    troubles: [
      ...first.troubles.filter((trouble) => !failedAgain(trouble)).map((trouble) => ({ ...trouble, isMended: true })),
      ...again.troubles,
    ],
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
        ...{ file, name: title, isMended: status === 'flaky' },
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
      ...outside.map(({ message = '' }) => ({ file: null, name: 'outside of every test', isMended: false, message })),
    ],
  };
}

const MESSAGE_LINES_MAX = 12;

/** The lines that name a trouble where only the end of a log is kept. */
export function troubleLines({ file, name, isMended, message }: Trouble): string[] {
  const lines = stripVTControlCharacters(message)
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes('node_modules'));
  return [
    `${isMended ? 'passed only when it was repeated' : 'failed'}: ${[file, name].filter(Boolean).join(' › ')}`,
    ...lines.slice(0, MESSAGE_LINES_MAX).map((line) => `    ${line}`),
  ];
}
