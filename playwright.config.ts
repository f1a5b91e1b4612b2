import { defineConfig } from '@playwright/test';
import { chromiumPath } from './e2e/fixtures/chromium';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// A dozen pages in both themes and two widths, each asked of axe.
const AUDIT_MS_MAX = 400_000;
// Before the story, while nothing moves.
const BEFORE_STORY = /flows\/bad-input\.spec\.ts$/;

// One demo for the whole suite: the stories follow one living table, so they run in order, in one worker.
export default defineConfig({
  testDir: 'e2e',
  testMatch: /.*\.spec\.ts$/,
  workers: 1,
  fullyParallel: false,
  // On a machine that others use too; what follows on from an earlier test says for itself that it is not repeated.
  retries: process.env.CI ? 1 : 0,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  globalSetup: './e2e/fixtures/start-demo.ts',
  reporter: [['list'], ['./e2e/fixtures/page-reporter.ts'], ['json', { outputFile: 'test-results/e2e.json' }]],
  outputDir: 'test-results/artifacts',
  // A trace of a hundred pages costs more than looking at them; what axe finds names its place.
  projects: [
    { name: 'empty', testMatch: /a11y\/empty\.spec\.ts$/, timeout: AUDIT_MS_MAX, use: { trace: 'off' } },
    { name: 'refusals', testMatch: BEFORE_STORY, dependencies: ['empty'] },
    { name: 'story', testMatch: /flows\/.*\.spec\.ts$/, testIgnore: BEFORE_STORY, dependencies: ['refusals'] },
    {
      name: 'full',
      testMatch: /a11y\/full\.spec\.ts$/,
      dependencies: ['story'],
      timeout: AUDIT_MS_MAX,
      use: { trace: 'off' },
    },
  ],
  use: {
    viewport: { width: 1280, height: 800 },
    // A build server keeps the log alone, which says what the page showed; a picture of each step would be made for nobody.
    trace: process.env.CI ? 'off' : 'retain-on-failure',
    screenshot: 'only-on-failure',
    actionTimeout: 15_000,
    launchOptions: { executablePath: await chromiumPath(), args: FLAGS },
  },
});
