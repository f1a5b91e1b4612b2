import type { Log } from '@/lib/adapters/ports';

export interface Loop {
  /** Ends after the round at hand. */
  stop(): Promise<void>;
  /** Begins the next round now. */
  wake(): void;
}

export interface LoopOptions {
  name: string;
  /** Asked after each round where it is a function. */
  everyMs: number | (() => number);
  log: Log;
  round(): Promise<void>;
}

/** Runs `round` every `everyMs`, never twice at a time; a round that throws is logged and the next one comes. */
export function startLoop(options: LoopOptions): Loop {
  const { everyMs } = options;
  let isStopped = false;
  let isWoken = false;
  let wake = () => {};
  const rest = () =>
    new Promise<void>((done) => {
      if (isWoken) return done();
      const timer = setTimeout(done, typeof everyMs === 'number' ? everyMs : everyMs());
      wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  const running = (async () => {
    while (!isStopped) {
      isWoken = false;
      try {
        await options.round();
      } catch (error) {
        if (!isStopped) options.log.warn({ loop: options.name, error }, 'A round of a loop failed; the next one comes');
      }
      if (!isStopped) await rest();
    }
  })();
  return {
    stop: async () => {
      isStopped = true;
      wake();
      await running;
    },
    wake: () => {
      isWoken = true;
      wake();
    },
  };
}
