import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { JUDGED_BY_THE_CLOCK, playwrightCounts, vitestCounts } from './steps';

describe('counts of a report', () => {
  test('a vitest file that did not load is a failure', () => {
    const report = {
      ...{ numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, numTodoTests: 0 },
      testResults: [
        { status: 'failed', assertionResults: [{ status: 'failed' }] },
        { status: 'failed', assertionResults: [] },
        { status: 'passed', assertionResults: [{ status: 'passed' }] },
      ],
    };
    expect(vitestCounts(report)).toEqual({ passed: 3, failed: 2, skipped: 2 });
  });

  test('a playwright error outside every test is a failure', () => {
    const stats = { expected: 4, unexpected: 0, flaky: 1, skipped: 1 };
    expect(playwrightCounts({ stats, errors: [{}] })).toEqual({ passed: 5, failed: 1, skipped: 1 });
    expect(playwrightCounts({ stats: { ...stats, unexpected: 2 }, errors: [] })).toMatchObject({ failed: 2 });
  });
});

test('every path of a test that is judged by the clock begins the path of one that there is', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' }).map((file) => `lib/${file}`);
  const without = JUDGED_BY_THE_CLOCK.filter(
    (path) => !files.some((file) => file.startsWith(path) && file.endsWith('.it.test.ts')),
  );
  expect(without).toEqual([]);
});
