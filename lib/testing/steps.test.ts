import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { JUDGED_BY_THE_CLOCK } from './steps';

test('every path of a test that is judged by the clock begins the path of one that there is', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' }).map((file) => `lib/${file}`);
  const without = JUDGED_BY_THE_CLOCK.filter(
    (path) => !files.some((file) => file.startsWith(path) && file.endsWith('.it.test.ts')),
  );
  expect(without).toEqual([]);
});
