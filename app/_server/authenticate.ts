import 'server-only';
import { parseSetCookieHeader } from 'better-auth/cookies';
import { cookies, headers } from 'next/headers';
import type { ErrorCode } from '@/lib/domain/errors';
import type { ActionFailure, ActionResult } from '../_ui/action-result';
import { container } from './container';
import { failureOf } from './failure';
import { checkOrigin } from './origin';
import { requestIdOf } from './request-id';

/** Headers that the library needs to know who asks; the origin is checked here, before. */
const FORWARDED = ['cookie', 'user-agent', 'x-forwarded-for'];

/** Asks the library over its own front door, so that its limits hold for our forms too, and keeps the cookies it sets. */
async function ask(path: string, body: unknown): Promise<Response> {
  const { auth, config } = container();
  const head = new Headers({ 'content-type': 'application/json', origin: new URL(config.publicUrl).origin });
  const given = await headers();
  for (const name of FORWARDED) {
    const value = given.get(name);
    if (value) head.set(name, value);
  }
  const response = await auth.handler(
    new Request(`${config.publicUrl}/api/auth${path}`, { method: 'POST', headers: head, body: JSON.stringify(body) }),
  );
  const jar = await cookies();
  for (const line of response.headers.getSetCookie()) {
    for (const [name, { value, ...cookie }] of parseSetCookieHeader(line)) {
      jar.set(name, decodeURIComponent(value), {
        httpOnly: cookie.httponly,
        secure: cookie.secure,
        sameSite: cookie.samesite,
        path: cookie.path,
        maxAge: cookie['max-age'],
      });
    }
  }
  return response;
}

const refusal = (code: ErrorCode, message: string): ActionFailure => ({ ok: false, code, message });

/** Signs a person in with the address and password of a form. One sentence for every wrong pair. */
export async function signIn(email: string, password: string): Promise<ActionResult<null>> {
  const { ctx, config } = container();
  const head = await headers();
  try {
    checkOrigin(head, config.publicUrl);
    const response = await ask('/sign-in/email', { email, password });
    if (response.ok) return { ok: true, data: null };
    if (response.status === 429) {
      const waitS = Number(response.headers.get('retry-after') ?? response.headers.get('x-retry-after')) || 60;
      return refusal('auth.too_many_tries', `Too many tries. Wait ${waitS} seconds, then try again.`);
    }
    if (response.status >= 500) throw new Error(`sign-in answered ${response.status}`);
    return refusal('auth.sign_in_refused', 'E-mail address or password is not right, or the account is disabled.');
  } catch (error) {
    return failureOf(error, ctx.log, requestIdOf(head));
  }
}

/** Ends the session of this browser; without one it does nothing. */
export async function signOut(): Promise<void> {
  checkOrigin(await headers(), container().config.publicUrl);
  await ask('/sign-out', {});
}
