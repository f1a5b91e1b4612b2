import { describe, expect, it } from 'vitest';
import { webConfig } from './web';

const RIGHT = {
  DATABASE_URL: 'postgres://postgres:pw@127.0.0.1:54329/postgres',
  LANDFALL_SEALING_KEY: '0'.repeat(64),
  BETTER_AUTH_SECRET: 'x'.repeat(43),
  LANDFALL_PUBLIC_URL: 'http://127.0.0.1:3000/',
};

describe('the configuration of web', () => {
  it('is frozen, and the public URL ends without a slash', () => {
    const config = webConfig(RIGHT);
    expect(config.publicUrl).toBe('http://127.0.0.1:3000');
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('lists every problem at once and prints no value', () => {
    const broken = { ...RIGHT, DATABASE_URL: 'mysql://hush', BETTER_AUTH_SECRET: 'hush', LANDFALL_SEALING_KEY: '' };
    let message = '';
    try {
      webConfig(broken);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/DATABASE_URL/);
    expect(message).toMatch(/BETTER_AUTH_SECRET/);
    expect(message).toMatch(/LANDFALL_SEALING_KEY is not set/);
    expect(message).not.toMatch(/hush/);
  });
});
