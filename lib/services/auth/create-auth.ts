import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { APIError, createAuthMiddleware } from 'better-auth/api';
import { eq } from 'drizzle-orm';
import type { Db } from '@/db/client';
import { account, session, user, verification } from '@/db/schema';
import type { Clock, Log } from '@/lib/adapters/ports';
import { SignInLimit } from './sign-in-limit';

export const PASSWORD_CHARS_MIN = 12;
export const PASSWORD_CHARS_MAX = 128;
const SESSION_S = 12 * 3_600;
const SESSION_REFRESH_S = 3_600;
const SIGN_IN_WINDOW_S = 60;
const SIGN_INS_PER_ADDRESS_MAX = 10;
const REQUESTS_PER_WINDOW_MAX = 120;

export interface AuthOptions {
  db: Db;
  secret: string;
  /** The address that people type; decides the cookie's `secure` and the trusted origin. */
  publicUrl: string;
  clock: Clock;
  log: Log;
}

export type Auth = ReturnType<typeof createAuth>;

/**
 * E-mail and password over our own tables. Nobody signs up: an administrator makes accounts (`create-user.ts`), the
 * first one comes from the set-up page (`first-run.ts`). A disabled person gets no session, and loses those they had.
 */
export function createAuth({ db, secret, publicUrl, clock, log }: AuthOptions) {
  const limit = new SignInLimit(clock);
  const isHttps = new URL(publicUrl).protocol === 'https:';
  return betterAuth({
    appName: 'Landfall',
    baseURL: publicUrl,
    basePath: '/api/auth',
    secret,
    telemetry: { enabled: false },
    trustedOrigins: [new URL(publicUrl).origin],
    database: drizzleAdapter(db, { provider: 'pg', schema: { user, session, account, verification } }),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      autoSignIn: false,
      minPasswordLength: PASSWORD_CHARS_MIN,
      maxPasswordLength: PASSWORD_CHARS_MAX,
    },
    user: {
      additionalFields: {
        role: { type: 'string', required: true, defaultValue: 'viewer', input: false },
        banned: { type: 'boolean', required: true, defaultValue: false, input: false },
      },
    },
    // No cookie cache: a changed role or a disabled account counts on the next request.
    session: { expiresIn: SESSION_S, updateAge: SESSION_REFRESH_S },
    rateLimit: {
      enabled: true,
      window: SIGN_IN_WINDOW_S,
      max: REQUESTS_PER_WINDOW_MAX,
      customRules: { '/sign-in/email': { window: SIGN_IN_WINDOW_S, max: SIGN_INS_PER_ADDRESS_MAX } },
    },
    advanced: {
      // Said aloud, because the library leaves both checks out when it believes that it is being tested.
      disableCSRFCheck: false,
      disableOriginCheck: false,
      cookiePrefix: 'landfall',
      useSecureCookies: isHttps,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', secure: isHttps, path: '/' },
    },
    databaseHooks: {
      session: {
        create: {
          before: async (made) => {
            const [person] = await db.select({ banned: user.banned }).from(user).where(eq(user.id, made.userId));
            // The same words as a wrong password, so that nobody learns which accounts exist.
            if (!person || person.banned) throw new APIError('UNAUTHORIZED', { code: 'INVALID_EMAIL_OR_PASSWORD' });
          },
        },
      },
    },
    hooks: {
      before: createAuthMiddleware(async (ctx) => {
        if (ctx.path !== '/sign-in/email') return;
        const waitS = limit.waitS(emailOf(ctx.body));
        if (waitS > 0)
          throw new APIError('TOO_MANY_REQUESTS', { code: 'TOO_MANY_SIGN_INS' }, { 'retry-after': String(waitS) });
      }),
      after: createAuthMiddleware(async (ctx) => {
        if (ctx.path !== '/sign-in/email') return;
        const isRefused = ctx.context.returned instanceof APIError;
        if (isRefused) limit.failed(emailOf(ctx.body));
        else limit.succeeded(emailOf(ctx.body));
        log.info({ refused: isRefused }, isRefused ? 'A sign-in was refused' : 'Somebody signed in');
      }),
    },
    logger: {
      disabled: false,
      level: 'warn',
      log: (level, message) => log[level === 'error' ? 'error' : 'warn']({ from: 'auth' }, message),
    },
  });
}

const emailOf = (body: unknown): string => {
  const email = (body as { email?: unknown } | null)?.email;
  return typeof email === 'string' ? email.trim().toLowerCase() : '';
};
