import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const alias = { '@': fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '') };
const excluded = ['node_modules/**', '.next/**', '.landfall/**', '.cache/**', 'e2e/**'];

// `npm test` makes two steps of the integration tests; see lib/testing/steps.ts.
const leftOut = (process.env.LANDFALL_TEST_LEAVES_OUT ?? '').split(',').filter(Boolean);

// Tests that need Postgres, an emulator or a child process end in `.it.test.ts`; all others are pure and fast.
export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['**/*.test.ts', '**/*.test.tsx'],
          exclude: [...excluded, '**/*.it.test.ts'],
          testTimeout: 20_000,
          // Pure: nothing of one file is left for the next, and loading every module anew took as long as the tests.
          isolate: false,
          maxWorkers: availableParallelism(),
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'integration',
          include: ['**/*.it.test.ts'],
          exclude: [...excluded, ...leftOut],
          globalSetup: ['lib/testing/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // One file at a time: the processes under test (stores, gateways, workers, Postgres) need the other core, and
          // guarantees with a bound in milliseconds are not to be judged on a machine that is busy with another file.
          // `npm test` allows two where no such process is under test.
          maxWorkers: Number(process.env.LANDFALL_TEST_WORKERS ?? 1),
        },
      },
    ],
  },
});
