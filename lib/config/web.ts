import { z } from 'zod';
import { parseEnvironment } from './parse';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** Variables of the web process. The supervisor sets them for its child; who runs web alone sets them by hand. */
export const webEnvironment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).describe('Postgres that holds plans, routing and evidence'),
  LANDFALL_SEALING_KEY: z.string().min(32).describe('32 bytes in hex or base64; seals stored credentials'),
  BETTER_AUTH_SECRET: z.string().min(32).describe('At least 32 characters of randomness; signs session cookies'),
  LANDFALL_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .describe('The address that people type; https makes cookies secure'),
  LANDFALL_LOG_LEVEL: z.enum(LOG_LEVELS).default('info').describe('debug, info, warn, error or silent'),
});

export interface WebConfig {
  databaseUrl: string;
  sealingKey: string;
  authSecret: string;
  /** Without a slash at its end. */
  publicUrl: string;
  logLevel: (typeof LOG_LEVELS)[number];
}

/** The configuration of the web process. @throws ConfigError with all problems. */
export function webConfig(environment: Record<string, string | undefined> = process.env): WebConfig {
  const env = parseEnvironment('web', webEnvironment, environment);
  return Object.freeze({
    databaseUrl: env.DATABASE_URL,
    sealingKey: env.LANDFALL_SEALING_KEY,
    authSecret: env.BETTER_AUTH_SECRET,
    publicUrl: env.LANDFALL_PUBLIC_URL.replace(/\/+$/, ''),
    logLevel: env.LANDFALL_LOG_LEVEL,
  });
}
