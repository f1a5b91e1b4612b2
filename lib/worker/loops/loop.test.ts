import { describe, expect, it } from 'vitest';
import { createLog } from '@/lib/adapters/log';
import { startLoop } from './loop';

describe('a loop', () => {
  it('rests as long as its last round says, so that a round can come when it is due', async () => {
    const log = createLog({ process: 'loop', level: 'silent' });
    let restMs = 60_000;
    let rounds = 0;
    await new Promise<void>((done) => {
      const loop = startLoop({
        name: 'due',
        everyMs: () => restMs,
        log,
        round: async () => {
          rounds += 1;
          restMs = rounds === 1 ? 5 : 60_000;
          if (rounds === 2) void loop.stop().then(done);
        },
      });
    });
    expect(rounds).toBe(2);
  });
});
