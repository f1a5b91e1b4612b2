import { type MappingGround, mappingFaults, sayMappings } from '../mapping/check';
import type { EpochCandidate } from '../mapping/detect';
import type { Mappings } from '../mapping/mapping';
import type { CheckResult } from './checks';

/** Whether what is mapped may still be: an index or a TTL may have come since. `ground` null: nothing is mapped. */
export function mappingsCheck(of: {
  mappings: Mappings;
  ground: MappingGround | null;
  candidates: readonly EpochCandidate[];
}): Omit<CheckResult, 'check'> {
  const { mappings, ground, candidates } = of;
  const faults = ground === null ? {} : mappingFaults(mappings, ground);
  const [fault] = Object.values(faults);
  if (fault !== undefined)
    return {
      state: 'failed',
      sentence: `A mapped attribute must keep its form: ${fault}`,
      fix: 'Turn its mapping off on this page.',
      observed: sayMappings(mappings),
    };
  if (mappings.length > 0)
    return {
      state: 'passed',
      sentence:
        'Mapped attributes have another form on TerraScale. Reads may be served from there; writes go to DynamoDB first.',
      fix: '',
      observed: sayMappings(mappings),
    };
  const names = candidates.map((one) => one.attribute).join(', ');
  return {
    state: 'passed',
    sentence: 'Every attribute has the same form on both sides: none is mapped.',
    fix: '',
    observed: names === '' ? 'none is mapped' : `none is mapped; epoch numbers by the sample: ${names}`,
  };
}
