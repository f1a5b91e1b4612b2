import { NextRequest } from 'next/server';
import { describe, expect, it } from 'vitest';
import { proxy } from '@/proxy';

const asked = (path: string, method = 'GET') => proxy(new NextRequest(`http://landfall.test${path}`, { method }));

describe('a slash at the end of an address', () => {
  it('is passed over for flags and the API, without a redirect that a provider would not follow', () => {
    const answer = asked('/ofrep/v1/evaluate/flags/?flagConfigEtag=x', 'POST');
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.headers.get('x-middleware-rewrite')).toBe(
      'http://landfall.test/ofrep/v1/evaluate/flags?flagConfigEtag=x',
    );
    expect(asked('/ofrep/v1/evaluate/flags', 'POST').headers.get('x-middleware-rewrite')).toBeNull();
  });

  it('sends a page to the one address that it has', () => {
    const answer = asked('/plans/?view=all');
    expect([answer.status, answer.headers.get('location')]).toEqual([308, 'http://landfall.test/plans?view=all']);
    expect(asked('/sign-in').status).toBe(200);
    expect(asked('/').headers.get('location')).toBe('http://landfall.test/sign-in');
  });
});
