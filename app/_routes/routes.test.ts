import { describe, expect, it } from 'vitest';
import { routes, safeNext } from './routes';

describe('where sign-in leads', () => {
  it('keeps a path of this console with its query', () => {
    expect(safeNext('/plans/pln_1?tab=2#gates')).toBe('/plans/pln_1?tab=2#gates');
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
    '',
    null,
    undefined,
  ])('does not follow %j to another place', (next) => expect(safeNext(next)).toBe(routes.fleet()));
});
