import { describe, expect, it } from 'vitest';
import { checkOrigin } from './origin';

const PUBLIC = 'https://landfall.example';
const check = (head: Record<string, string>) => () => checkOrigin(new Headers(head), PUBLIC);

describe('checkOrigin', () => {
  it('lets pages of the console through, by public address or by host', () => {
    expect(check({ origin: PUBLIC, 'sec-fetch-site': 'same-origin' })).not.toThrow();
    expect(check({ origin: PUBLIC, host: '10.0.0.1:3000' })).not.toThrow();
    expect(check({ origin: 'http://127.0.0.1:3000', host: '127.0.0.1:3000' })).not.toThrow();
    expect(check({ 'sec-fetch-site': 'same-origin' })).not.toThrow();
  });

  it.each([
    ['another site', { origin: 'https://evil.example', host: 'landfall.example' }],
    ['a sister site', { origin: 'https://app.landfall.example', 'sec-fetch-site': 'same-site' }],
    ['a page that hides where it is', { origin: 'null', host: 'landfall.example' }],
    ['a typed address', { 'sec-fetch-site': 'none' }],
    ['no browser', { host: 'landfall.example' }],
    ['a public address that only begins alike', { origin: 'https://landfall.example.evil.example' }],
  ])('refuses %s', (_, head) => {
    expect(check(head as Record<string, string>)).toThrow(/auth\.bad_origin/);
  });
});
