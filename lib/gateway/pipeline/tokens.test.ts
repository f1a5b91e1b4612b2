import { describe, expect, it } from 'vitest';
import { systemClock } from '@/lib/adapters/clock';
import { jsonAnswer } from './answer';
import { TokenMemory } from './tokens';

const body = Buffer.from('{}');
const answer = jsonAnswer({});

describe('a token of a transaction', () => {
  it('that one side has carried out is answered from there by the other, though a repetition was refused', () => {
    const tokens = new TokenMemory(systemClock);
    tokens.remember('t', { side: 'source', body, answer });
    // Sent again to the same side, which refuses it (other parameters, or still in progress).
    const before = tokens.recall('t');
    tokens.remember('t', { side: 'source', body, answer: null });
    expect(tokens.look('t', 'target', body)).toEqual({ kind: 'unknown' });
    tokens.restore('t', before);
    expect(tokens.look('t', 'target', body)).toEqual({ kind: 'answer', answer });
  });

  it('that was refused at its first use is free again', () => {
    const tokens = new TokenMemory(systemClock);
    const before = tokens.recall('t');
    tokens.remember('t', { side: 'source', body, answer: null });
    tokens.restore('t', before);
    expect(tokens.look('t', 'target', body)).toEqual({ kind: 'send' });
  });

  it('whose outcome is unknown is sent nowhere else', () => {
    const tokens = new TokenMemory(systemClock);
    tokens.remember('t', { side: 'source', body, answer: null });
    expect(tokens.look('t', 'target', body)).toEqual({ kind: 'unknown' });
    expect(tokens.look('t', 'source', body)).toEqual({ kind: 'send' });
  });
});
