import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GATEWAY_NODE_ARGS, WORKER_NODE_ARGS } from './child';
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

test('a worker and a gateway have the same bounds of memory by hand as under the supervisor', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(scripts.worker).toBe(`node --import tsx ${WORKER_NODE_ARGS.join(' ')} lib/worker/main.ts`);
  expect(scripts.gateway).toBe(`node --import tsx ${GATEWAY_NODE_ARGS.join(' ')} lib/gateway/main.ts`);
});
