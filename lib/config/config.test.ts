import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { FIELDS } from './fields';
import { ConfigError, envExample, parseConfig } from './parse';

const KEY = 'a'.repeat(64);
const GATEWAY = {
  DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:5432/x',
  LANDFALL_SEALING_KEY: KEY,
  LANDFALL_GATEWAY_CONNECTION: 'orders',
};

const problemsOf = (run: () => unknown): readonly string[] => {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('configuration', () => {
  test('has a standard for whatever may have one', () => {
    expect(parseConfig('gateway', GATEWAY)).toMatchObject({
      gatewayPort: 8080,
      gatewayIdentity: 'gateway-1',
      bindHost: '127.0.0.1',
      safeguardsOff: [],
    });
    expect(parseConfig('supervisor', {})).toMatchObject({ webPort: 3000, postgresPort: 54329, dataDir: '.landfall' });
  });

  test('lists every problem at once and repeats no value', () => {
    const problems = problemsOf(() =>
      parseConfig('gateway', {
        DATABASE_URL: 'mysql://hunter2',
        LANDFALL_SEALING_KEY: 'hunter2',
        LANDFALL_GATEWAY_PORT: '70000',
      }),
    );
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'DATABASE_URL',
      'LANDFALL_SEALING_KEY',
      'LANDFALL_GATEWAY_PORT',
      'LANDFALL_GATEWAY_CONNECTION',
    ]);
    expect(problems.join()).not.toContain('hunter2');
  });

  test('takes a set but empty variable as not set', () => {
    expect(parseConfig('gateway', { ...GATEWAY, LANDFALL_GATEWAY_PORT: ' ' }).gatewayPort).toBe(8080);
  });

  test.each(['1.5', '-1', 'eight', '1e9'])('refuses %s as a port', (text) => {
    expect(problemsOf(() => parseConfig('gateway', { ...GATEWAY, LANDFALL_GATEWAY_PORT: text }))).toHaveLength(1);
  });

  test('never shows a secret when printed', () => {
    const config = parseConfig('gateway', GATEWAY);
    expect(config.sealingKey).toBe(KEY);
    expect(JSON.stringify(config) + inspect(config)).not.toMatch(/hunter2|aaaaaaaa/);
  });

  test('cannot be changed', () => {
    expect(Object.isFrozen(parseConfig('gateway', GATEWAY))).toBe(true);
  });

  test('switches safeguards off in tests alone', () => {
    const off = { ...GATEWAY, LANDFALL_TEST_SAFEGUARDS_OFF: 'confirm,lanes' };
    expect(parseConfig('gateway', { ...off, NODE_ENV: 'test' }).safeguardsOff).toEqual(['confirm', 'lanes']);
    expect(problemsOf(() => parseConfig('gateway', off))).toHaveLength(1);
    const unknown = { ...off, NODE_ENV: 'test', LANDFALL_TEST_SAFEGUARDS_OFF: 'everything' };
    expect(problemsOf(() => parseConfig('gateway', unknown))).toHaveLength(1);
  });

  test('.env.example is what the fields say', () => {
    const file = fileURLToPath(new URL('../../.env.example', import.meta.url));
    expect(readFileSync(file, 'utf8'), 'run `npx tsx lib/config/write-example.ts`').toBe(envExample());
  });

  test('each variable stands for one field', () => {
    const names = Object.values(FIELDS).map(({ variable }) => variable);
    expect(new Set(names).size).toBe(names.length);
  });
});

test('takes the address of the dashboard from its port where none is given', () => {
  const given = { DATABASE_URL: 'postgres://localhost/x', LANDFALL_WEB_PORT: '4100' };
  expect(parseConfig('supervisor', given).publicUrl).toBe('http://127.0.0.1:4100');
  expect(parseConfig('supervisor', { ...given, LANDFALL_PUBLIC_URL: 'https://landfall.example/' }).publicUrl).toBe(
    'https://landfall.example',
  );
});
