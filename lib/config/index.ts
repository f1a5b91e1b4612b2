/** One parsed, frozen configuration a process; the only room that reads the environment. */
import { ALL_SAFEGUARDS, type Safeguard, type SafeguardSet, without } from '@/lib/domain/safeguards';
import { type Config, type ProcessName, parseConfig } from './parse';

export { type Config, ConfigError, parseConfig } from './parse';
export { type WebConfig, webConfig } from './web';
export type WorkerConfig = Config<'worker'>;
export type GatewayConfig = Config<'gateway'>;
export type SupervisorConfig = Config<'supervisor'>;

const parsed = new Map<ProcessName, unknown>();

function once<P extends ProcessName>(name: P): Config<P> {
  const known = parsed.get(name);
  if (known !== undefined) return known as Config<P>;
  const config = parseConfig(name, process.env);
  parsed.set(name, config);
  return config;
}

/** @throws ConfigError with every problem of the environment, on the first call. */
export const workerConfig = (): WorkerConfig => once('worker');
export const gatewayConfig = (): GatewayConfig => once('gateway');
export const staticGatewayConfig = (): Config<'staticGateway'> => once('staticGateway');
export const supervisorConfig = (): SupervisorConfig => once('supervisor');
export const testingConfig = (): Config<'testing'> => once('testing');

/** All rules of the protocol on, but those that a test switched off (refused outside NODE_ENV=test). */
export const safeguardsOf = (config: { safeguardsOff: Safeguard[] }): SafeguardSet =>
  config.safeguardsOff.length === 0 ? ALL_SAFEGUARDS : without(...config.safeguardsOff);

/** The environment for a child process: ours, with `changes` on top; undefined takes a variable away. */
export function childEnvironment(changes: Record<string, string | undefined>): NodeJS.ProcessEnv {
  const merged: Record<string, string | undefined> = { ...process.env, ...changes };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as NodeJS.ProcessEnv;
}
