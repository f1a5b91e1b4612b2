import { describe, expect, it } from 'vitest';
import { ERRORS } from '@/lib/domain/errors';
import { GUIDE } from '../guide';
import { entryOf } from './runbook';

describe('help', () => {
  it.each([...Object.keys(ERRORS), 'web.unreachable', 'web.unanswered'])(
    '%s has a page with something to check',
    (code) => {
      const entry = entryOf(code);
      expect(entry?.title).toBeTruthy();
      expect(entry?.check.length).toBeGreaterThan(0);
    },
  );

  it('has no page for a code that is never said, whatever its name', () => {
    for (const code of ['nothing.such', 'toString', '__proto__', '']) expect(entryOf(code)).toBeNull();
  });

  it('gives each page of the guide its own address', () => {
    expect(new Set(GUIDE.map((page) => page.slug)).size).toBe(GUIDE.length);
    for (const { slug } of GUIDE) expect(slug).toMatch(/^[a-z0-9-]+$/);
  });
});
