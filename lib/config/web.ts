import { type Config, parseConfig } from './parse';

export type WebConfig = Config<'web'>;

/** The configuration of the web process. @throws ConfigError with all problems. */
export const webConfig = (environment: Record<string, string | undefined> = process.env): WebConfig =>
  parseConfig('web', environment);
