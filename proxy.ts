import { type NextRequest, NextResponse } from 'next/server';

const isDevelopment = process.env.NODE_ENV === 'development';

/** Pages that a signed-out person may open. Everything else is checked again by its own page, route or action. */
const OPEN_PAGES = ['/sign-in', '/setup', ...(isDevelopment ? ['/gallery'] : [])];
const SESSION_COOKIES = ['landfall.session_token', '__Secure-landfall.session_token'];
const REQUEST_ID_CHARS = 16;

const randomHex = (chars: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(chars / 2)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Scripts run by nonce alone. Styles may stand inline, because positions and chart geometry are style attributes. */
function policyOf(nonce: string): string {
  const development = isDevelopment ? " 'unsafe-eval'" : '';
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self'${isDevelopment ? ' ws:' : ''}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function withoutSlash(request: NextRequest): URL {
  const url = new URL(request.url);
  url.pathname = url.pathname.replace(/\/+$/, '') || '/';
  return url;
}

const API_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** Gives each request an id and a nonce, and sends signed-out people to the sign-in page. Decides no permission. */
export function proxy(request: NextRequest): NextResponse {
  const { pathname, search } = request.nextUrl;
  const head = new Headers(request.headers);
  // Ours alone: an id made up outside could point at somebody else's line in the log.
  const requestId = randomHex(REQUEST_ID_CHARS);
  head.set('x-request-id', requestId);
  const isSlashed = pathname.length > 1 && pathname.endsWith('/');
  if (/^\/(api|ofrep)(\/|$)/.test(pathname)) {
    // The same address with and without a slash at its end, and no redirect: providers do not follow one with a body.
    const response = isSlashed
      ? NextResponse.rewrite(withoutSlash(request), { request: { headers: head } })
      : NextResponse.next({ request: { headers: head } });
    response.headers.set('content-security-policy', API_POLICY);
    response.headers.set('x-request-id', requestId);
    return response;
  }
  if (isSlashed) return NextResponse.redirect(withoutSlash(request), 308);
  const isOpen = OPEN_PAGES.some((page) => pathname === page || pathname.startsWith(`${page}/`));
  const hasCookie = SESSION_COOKIES.some((name) => request.cookies.has(name));
  // An action's POST is not redirected: it answers `auth.signed_out`, and the page keeps what was typed.
  if (!isOpen && !hasCookie && request.method === 'GET') {
    const target = request.nextUrl.clone();
    target.pathname = '/sign-in';
    target.search = pathname === '/' ? '' : `?next=${encodeURIComponent(`${pathname}${search}`)}`;
    return NextResponse.redirect(target);
  }
  const policy = policyOf(randomHex(32));
  // Next reads the nonce out of the policy on the request and puts it on its own scripts.
  head.set('content-security-policy', policy);
  head.set('x-pathname', pathname);
  const response = NextResponse.next({ request: { headers: head } });
  response.headers.set('content-security-policy', policy);
  response.headers.set('x-request-id', requestId);
  return response;
}

export const config = { matcher: ['/((?!_next/static|_next/image|favicon).*)'] };
