/** The gateway process: configuration in, a gateway out; SIGTERM says goodbye. */
import { gatewayConfig, safeguardsOf } from '@/lib/config';
import { runGatewayProcess } from './run';

const config = gatewayConfig();

await runGatewayProcess({
  databaseUrl: config.databaseUrl,
  sealingKey: config.sealingKey,
  connection: config.gatewayConnection,
  identity: config.gatewayIdentity,
  dataDir: config.dataDir,
  host: config.bindHost,
  port: config.gatewayPort,
  logLevel: config.logLevel,
  safeguards: safeguardsOf(config),
});
