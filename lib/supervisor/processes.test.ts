import { describe, expect, test } from 'vitest';
import { mayBeWithout } from './processes';

describe('a process that cannot stay up', () => {
  test('takes no traffic down with it where it is the dashboard', () => {
    expect(mayBeWithout('web', 'start')).toBe(true);
    expect(mayBeWithout('web', 'demo')).toBe(true);
  });

  test('ends Landfall where nothing is whole without it', () => {
    expect(mayBeWithout('web', 'web')).toBe(false);
    for (const name of ['gateway', 'worker', 'source', 'target']) expect(mayBeWithout(name, 'demo')).toBe(false);
  });
});
