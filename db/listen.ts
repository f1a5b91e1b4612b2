/**
 * LISTEN that survives a Postgres that restarts, freezes or goes away, and never ends the process.
 *
 * Notifications sent while the connection was down are lost, so whoever listens reads everything again when told that
 * the connection is new, and polls every few seconds anyway. The connection is our own, asked `select 1` every few
 * seconds, because a half-open socket would otherwise look like silence.
 */
import postgres from 'postgres';
import { urlOf } from './client';
import type { Sql } from './deadline';

const BEAT_MS = 5_000;
const ANSWER_MS_MAX = 4_000;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5_000;

export interface ListenOptions {
  beatMs?: number;
  answerMsMax?: number;
}

export interface Listening {
  isConnected(): boolean;
  stop(): Promise<void>;
}

/** Private to postgres.js, used by its own `listen`; our tests would see it go. */
interface DriverOptions extends postgres.Options<Record<string, never>> {
  onnotify(channel: string, payload: string): void;
}

const within = async <T>(ms: number, promise: PromiseLike<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, refuse) => {
    timer = setTimeout(() => refuse(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * Calls `onMessage` for each notification, and `onReconnect` after every (re)connection, the first included: read
 * again there. Neither may throw; a rejection is swallowed, since the next poll mends what it missed.
 */
export function listen(
  sql: Sql,
  channel: string,
  on: { message(payload: string): void; reconnect(): void | Promise<void> } & ListenOptions,
): Listening {
  const url = urlOf(sql);
  const beatMs = on.beatMs ?? BEAT_MS;
  const answerMsMax = on.answerMsMax ?? ANSWER_MS_MAX;
  let isStopped = false;
  let isConnected = false;
  let wake = () => {};
  let client: Sql | null = null;

  const rest = (ms: number) =>
    new Promise<void>((done) => {
      const timer = setTimeout(done, ms);
      wake = () => {
        clearTimeout(timer);
        done();
      };
    });

  const connect = async (): Promise<Sql> => {
    const options: DriverOptions = {
      max: 1,
      idle_timeout: undefined,
      max_lifetime: null,
      fetch_types: false,
      connect_timeout: Math.ceil(answerMsMax / 1000),
      onnotice: () => {},
      connection: { application_name: 'landfall-listen' },
      onnotify: (_, payload) => on.message(payload),
      onclose: () => {
        isConnected = false;
        wake();
      },
    };
    const made = postgres(url, options as postgres.Options<Record<string, never>>) as unknown as Sql;
    client = made;
    await within(answerMsMax, made.unsafe(`listen "${channel.replaceAll('"', '""')}"`));
    return made;
  };

  const watch = async (): Promise<void> => {
    let retryMs = RETRY_MS_MIN;
    while (!isStopped) {
      try {
        const made = await connect();
        isConnected = true;
        retryMs = RETRY_MS_MIN;
        await Promise.resolve(on.reconnect()).catch(() => {});
        while (!isStopped && isConnected) {
          await rest(beatMs);
          if (isConnected && !isStopped) await within(answerMsMax, made.unsafe('select 1'));
        }
      } catch {
        // Down, frozen or refused: the loop tries again.
      }
      isConnected = false;
      await client?.end({ timeout: 0 }).catch(() => {});
      if (isStopped) return;
      await rest(retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    }
  };
  const watching = watch();

  return {
    isConnected: () => isConnected,
    stop: async () => {
      isStopped = true;
      wake();
      await client?.end({ timeout: 0 }).catch(() => {});
      await watching;
    },
  };
}
