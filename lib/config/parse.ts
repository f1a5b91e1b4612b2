import type { z } from 'zod';

/** The environment is not usable. The message lists every problem at once and prints no value, since some are secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(
    readonly process: string,
    readonly problems: readonly string[],
  ) {
    super(`The configuration of ${process} is not right:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** Parses the variables of one process into a frozen object. An empty variable counts as not set. */
export function parseEnvironment<S extends z.ZodType>(
  process: string,
  schema: S,
  environment: Record<string, string | undefined>,
): Readonly<z.output<S>> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return Object.freeze(result.data);
  const problems = result.error.issues.map((issue) => {
    const name = issue.path.map(String).join('.');
    return given[name] === undefined ? `${name} is not set` : `${name}: ${issue.message}`;
  });
  throw new ConfigError(process, problems);
}
