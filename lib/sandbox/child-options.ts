/**
 * How a process of the sandbox gets its options: one JSON line on standard input. Not the command line, which every
 * user of the machine can read, and not the environment, which children inherit: there are tokens in it.
 */
import { createInterface } from 'node:readline';
import type { z } from 'zod';

const WAIT_MS_MAX = 10_000;

export async function readOptions<S extends z.ZodType>(schema: S): Promise<z.output<S>> {
  const lines = createInterface({ input: process.stdin });
  const line = await new Promise<string>((done, fail) => {
    const timer = setTimeout(() => fail(new Error('No options came on standard input')), WAIT_MS_MAX);
    lines.once('line', (text) => {
      clearTimeout(timer);
      done(text);
    });
  });
  lines.close();
  process.stdin.destroy();
  return schema.parse(JSON.parse(line));
}
