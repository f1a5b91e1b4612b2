import { AppError } from '@/lib/domain/errors';

/**
 * Refuses a change that another site asked for. Browsers name the origin of every POST; a request without one, and
 * without Sec-Fetch-Site, does not come from a page of ours. Behind a proxy the public URL counts, not Host.
 * @throws AppError `auth.bad_origin`.
 */
export function checkOrigin(head: Headers, publicUrl: string): void {
  const site = head.get('sec-fetch-site');
  const origin = head.get('origin');
  if (site !== null && site !== 'same-origin') throw refused(origin ?? site);
  if (origin === null) {
    if (site === 'same-origin') return;
    throw refused('nowhere');
  }
  const mine = new Set([new URL(publicUrl).host, head.get('host')]);
  if (!URL.canParse(origin) || !mine.has(new URL(origin).host)) throw refused(origin);
}

const refused = (from: string): AppError =>
  new AppError('auth.bad_origin', `The request came from ${from.slice(0, 200)}, not from this console.`);
