import { createLog } from '@/lib/adapters/log';
import { type WebConfig, webConfig } from '@/lib/config/web';
import { type Auth, createAuth } from '@/lib/services/auth/create-auth';
import { createServiceContext, type ServiceContext } from '@/lib/services/context';

export interface Container {
  ctx: ServiceContext;
  config: WebConfig;
  auth: Auth;
}

function build(): Container {
  const config = webConfig();
  const log = createLog({ process: 'web', level: config.logLevel });
  const ctx = createServiceContext({
    process: 'web',
    databaseUrl: config.databaseUrl,
    sealingKey: config.sealingKey,
    exportDir: config.exportDir,
    log,
  });
  const auth = createAuth({
    db: ctx.db,
    secret: config.authSecret,
    publicUrl: config.publicUrl,
    clock: ctx.clock,
    log,
  });
  return { ctx, config, auth };
}

// On globalThis, because a development server evaluates modules again at each change, and each would open its pools;
// a build also bundles this file more than once.
const held = globalThis as typeof globalThis & { landfallContainer?: Container };

/** What the console is made of, built at the first use in a process. Throws when the configuration is not right. */
export function container(): Container {
  held.landfallContainer ??= build();
  return held.landfallContainer;
}

/** The context that every verb of the services is given. */
export const services = (): ServiceContext => container().ctx;
