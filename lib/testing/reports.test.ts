import { describe, expect, test } from 'vitest';
import { playwrightReport, repeated, troubleLines, vitestReport } from './reports';

describe("vitest's report", () => {
  const failed = { status: 'failed', fullName: 'a thing fails', failureMessages: ['first', 'second'] };
  const mended = { status: 'passed', fullName: 'a thing passes at last', failureMessages: ['once'] };
  const passed = { status: 'passed', fullName: 'a thing passes', failureMessages: [] };
  const left = { status: 'skipped', fullName: 'a thing is left', failureMessages: [] };
  const report = {
    testResults: [
      { name: `${process.cwd()}/lib/a.test.ts`, status: 'failed', message: '', assertionResults: [failed, mended] },
      { name: `${process.cwd()}/lib/b.test.ts`, status: 'failed', message: 'no such file', assertionResults: [] },
      { name: `${process.cwd()}/lib/c.test.ts`, status: 'passed', message: '', assertionResults: [passed, left] },
    ],
  };

  test('a file that did not load is a failure', () => {
    expect(vitestReport(report).counts).toEqual({ passed: 2, failed: 2, skipped: 1 });
  });

  test('what failed is named with its last message, also what passed when it was repeated', () => {
    expect(vitestReport(report).troubles).toEqual([
      { file: 'lib/a.test.ts', name: 'a thing fails', isMended: false, message: 'second' },
      { file: 'lib/a.test.ts', name: 'a thing passes at last', isMended: true, message: 'once' },
      { file: 'lib/b.test.ts', name: null, isMended: false, message: 'no such file' },
    ]);
  });

  test('the repetition of files says how these stand, and what failed before is still named', () => {
    const now = { ...failed, status: 'passed', failureMessages: [] };
    const again = vitestReport({
      testResults: [
        { name: `${process.cwd()}/lib/a.test.ts`, status: 'passed', message: '', assertionResults: [now, passed] },
        { name: `${process.cwd()}/lib/b.test.ts`, status: 'failed', message: 'no such file', assertionResults: [] },
      ],
    });
    const { counts, troubles } = repeated(vitestReport(report), again);
    expect(counts).toEqual({ passed: 3, failed: 1, skipped: 1 });
    expect(troubles.map(({ name, isMended }) => [name, isMended])).toEqual([
      ['a thing fails', true],
      ['a thing passes at last', true],
      [null, false],
    ]);
    const unhandled = { ...again, counts: { ...again.counts, failed: again.counts.failed + 1 } };
    expect(repeated(vitestReport(report), unhandled).counts, 'an error outside of every file').toMatchObject({
      failed: 2,
    });
  });
});

describe("playwright's report", () => {
  const stats = { expected: 4, unexpected: 0, flaky: 1, skipped: 1 };

  test('an error outside every test is a failure', () => {
    const { counts, troubles } = playwrightReport({ stats, errors: [{ message: 'no demo' }], suites: [] });
    expect(counts).toEqual({ passed: 5, failed: 1, skipped: 1 });
    expect(troubles).toEqual([{ file: null, name: 'outside of every test', isMended: false, message: 'no demo' }]);
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
      { file: 'flows/a.spec.ts', name: 'is red', isMended: false, message: 'no button' },
      { file: 'flows/a.spec.ts', name: 'is flaky', isMended: true, message: 'late' },
    ]);
  });
});

test('the lines of a trouble are few, plain, and leave out what is not of the project', () => {
  const message = ['\u001b[31mexpected 1\u001b[39m', '', '  at node_modules/x.js', ...Array(40).fill('  at lib/a.ts')];
  const lines = troubleLines({ file: 'lib/a.test.ts', name: 'a', isMended: false, message: message.join('\n') });
  expect(lines.slice(0, 3)).toEqual(['failed: lib/a.test.ts › a', '    expected 1', '      at lib/a.ts']);
  expect(lines).toHaveLength(13);
});
