import { offerSetup } from '@/lib/services/auth/first-run';
import { startReaper } from '@/lib/services/fence/reaper';
import { container } from './container';

const TRIES_MAX = 20;
const PAUSE_MS = 3_000;

/** Reads the configuration (a wrong one ends the process here, with every problem named) and offers first-run set-up. */
export async function boot(): Promise<void> {
  const { ctx } = container();
  ctx.log.info({}, 'The console starts');
  void offerWhileDatabaseComesUp();
  // A held table must come back though no worker is left.
  startReaper(ctx);
}

async function offerWhileDatabaseComesUp(): Promise<void> {
  const { ctx, config } = container();
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    try {
      const token = await offerSetup(ctx.db);
      // In the sentence on purpose: whoever reads this log is meant to have it, and it works once.
      if (token)
        ctx.log.info(
          {},
          `Nobody administers Landfall yet. Open ${config.publicUrl}/setup and use this set-up token: ${token}`,
        );
      return;
    } catch (error) {
      if (tries === TRIES_MAX)
        ctx.log.error({ error }, 'First-run set-up could not be offered; restart the web process');
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}

export function logRequestError(error: unknown, request: { path: string; method: string; route: string }): void {
  container().ctx.log.error({ error, ...request }, 'A page failed');
}
