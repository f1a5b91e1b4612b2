import type { ServiceContext } from '../context';
import { watchPostgres } from '../process/postgres';
import { reapRound } from './abort';

/** Between two looks for open fences; shorter than the shortest hold, so that each is seen before its bound. */
const EVERY_MS = 400;

/**
 * Ends fences past their bound for as long as the process lives: for the web process, so that a table does not stay held
 * where no worker is left to undo it (PROTOCOL F2), and watches for another Postgres in the place of this one (F6). The returned function stops it.
 */
export function startReaper(ctx: ServiceContext, { everyMs = EVERY_MS } = {}): () => Promise<void> {
  let isStopped = false;
  let wake = () => {};
  let isAway = false;
  const running = (async () => {
    while (!isStopped) {
      let restMs = everyMs;
      try {
        await watchPostgres(ctx);
        restMs = Math.min(restMs, (await reapRound(ctx)) ?? restMs);
        isAway = false;
      } catch (error) {
        // Said once: Postgres is away, and then every look fails.
        if (!isAway) ctx.log.warn({ error }, 'Fences past their bound could not be looked for; it is tried again.');
        isAway = true;
      }
      await new Promise<void>((done) => {
        const timer = setTimeout(done, isStopped ? 0 : restMs);
        wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
  })();
  return async () => {
    isStopped = true;
    wake();
    await running;
  };
}
