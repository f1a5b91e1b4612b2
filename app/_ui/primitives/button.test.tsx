import { renderToString } from 'react-dom/server';
import { describe, expect, test } from 'vitest';
import { Button } from './button';

describe('a button in the HTML of the server, which nobody listens to yet', () => {
  test('takes no press, of a mouse or of Enter in its form, and does not look disabled', () => {
    const html = renderToString(<Button type="submit">Save</Button>);
    expect(html).toMatch(/<button[^>]* disabled=""/);
    expect(html).toContain('type="submit"');
    expect(html).not.toContain('data-disabled=');
  });

  test('that is disabled looks it', () => {
    expect(renderToString(<Button disabled>Save</Button>)).toContain('data-disabled=""');
  });
});
