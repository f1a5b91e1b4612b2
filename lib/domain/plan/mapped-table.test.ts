import { describe, expect, test } from 'vitest';
import { greenFacts } from '@/lib/testing/green-facts';
import type { Mapping } from '../mapping/mapping';
import { decide } from './decide';
import type { Facts } from './facts';
import type { Verb } from './moves';

const MAPPINGS: Mapping[] = [{ attribute: 'created', kind: 'epoch_seconds' }];
const actor = { role: 'operator', id: 'usr_1' } as const;
const hashOf = (facts: Facts, verb: Verb): string | null => {
  const found = decide(facts, verb, actor);
  return found.ok ? found.value.planHash : found.error.planHash;
};

describe('a table with mapped attributes', () => {
  test.each<[Verb, Partial<Facts>]>([
    ['flip_writes', { stage: 'shift', strategy: 'dual_write' }],
    ['close_source', { stage: 'verify', strategy: 'big_bang' }],
    ['close_source', { stage: 'target_first', strategy: 'dual_write' }],
  ])('never becomes one that TerraScale is the truth of: %s', (verb, at) => {
    const refused = decide(greenFacts({ ...at, mappings: MAPPINGS }), verb, actor);
    expect(refused.ok).toBe(false);
    const gates = refused.ok ? [] : refused.error.gates;
    const gate = gates.find((one) => one.gate === 'no_mapped_attribute');
    expect(gate).toMatchObject({ met: false, see: 'assessment' });
    expect(gate?.observed).toContain('created (seconds since 1970');
    expect(gate?.limit).toContain('turn the mappings off');
    const plain = decide(greenFacts(at), verb, actor);
    expect((plain.ok ? plain.value : plain.error).gates.map((one) => one.gate)).not.toContain('no_mapped_attribute');
  });

  test.each<Verb>(['begin_dual_write', 'begin_backfill'])('says so in the steps that are approved: %s', (verb) => {
    const stage = verb === 'begin_dual_write' ? 'planned' : 'dual_write';
    const plain = greenFacts({ stage });
    const mapped = greenFacts({ stage, mappings: MAPPINGS });
    expect(hashOf(mapped, verb)).not.toBe(hashOf(plain, verb));
    const found = decide(mapped, verb, actor);
    const { steps } = found.ok ? found.value : found.error;
    expect(steps.map((step) => step.sentence).join(' ')).toContain('Mapped on the way: created');
  });
});
