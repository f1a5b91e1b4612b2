import { describe, expect, test } from 'vitest';
import { playwrightReport, troubleLines, vitestReport } from './reports';

describe("vitest's report", () => {
  const failed = { status: 'failed', fullName: 'a thing fails', failureMessages: ['first', 'second'] };
  const mended = { status: 'passed', fullName: 'a thing passes at last', failureMessages: ['once'] };
  const passed = { status: 'passed', fullName: 'a thing passes', failureMessages: [] };
  const report = {
    ...{ numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, numTodoTests: 0 },
    testResults: [
      { name: `${process.cwd()}/lib/a.test.ts`, status: 'failed', message: '', assertionResults: [failed, mended] },
      { name: `${process.cwd()}/lib/b.test.ts`, status: 'failed', message: 'no such file', assertionResults: [] },
      { name: `${process.cwd()}/lib/c.test.ts`, status: 'passed', message: '', assertionResults: [passed] },
    ],
  };

  test('a file that did not load is a failure', () => {
    expect(vitestReport(report).counts).toEqual({ passed: 3, failed: 2, skipped: 2 });
  });

  test('what failed is named with its last message, also what passed when it was repeated', () => {
    expect(vitestReport(report).troubles).toEqual([
      { test: 'lib/a.test.ts › a thing fails', isMended: false, message: 'second' },
      { test: 'lib/a.test.ts › a thing passes at last', isMended: true, message: 'once' },
      { test: 'lib/b.test.ts', isMended: false, message: 'no such file' },
    ]);
  });
});

describe("playwright's report", () => {
  const stats = { expected: 4, unexpected: 0, flaky: 1, skipped: 1 };

  test('an error outside every test is a failure', () => {
    const { counts, troubles } = playwrightReport({ stats, errors: [{ message: 'no demo' }], suites: [] });
    expect(counts).toEqual({ passed: 5, failed: 1, skipped: 1 });
    expect(troubles).toEqual([{ test: 'outside of every test', isMended: false, message: 'no demo' }]);
    expect(playwrightReport({ stats: { ...stats, unexpected: 2 }, errors: [], suites: [] }).counts.failed).toBe(2);
  });

  test('what failed is named however deep it stands', () => {
    const spec = (title: string, status: string, message?: string) => ({
      ...{ file: 'flows/a.spec.ts', title },
      tests: [{ status, results: [{ error: message === undefined ? undefined : { message } }, {}] }],
    });
    const inner = { specs: [spec('is red', 'unexpected', 'no button'), spec('is green', 'expected')] };
    const suites = [{ suites: [inner], specs: [spec('is flaky', 'flaky', 'late')] }];
    expect(playwrightReport({ stats, errors: [], suites }).troubles).toEqual([
      { test: 'flows/a.spec.ts › is red', isMended: false, message: 'no button' },
      { test: 'flows/a.spec.ts › is flaky', isMended: true, message: 'late' },
    ]);
  });
});

test('the lines of a trouble are few, plain, and leave out what is not of the project', () => {
  const message = ['\u001b[31mexpected 1\u001b[39m', '', '  at node_modules/x.js', ...Array(40).fill('  at lib/a.ts')];
  const lines = troubleLines({ test: 'lib/a.test.ts › a', isMended: false, message: message.join('\n') });
  expect(lines.slice(0, 3)).toEqual(['failed: lib/a.test.ts › a', '    expected 1', '      at lib/a.ts']);
  expect(lines).toHaveLength(13);
});
