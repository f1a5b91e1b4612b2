import { expect, test } from 'vitest';
import { repairEffect } from './repair-effect';

test('what TerraScale lacks is created there while the source is the truth, and deleted on the source after the flip', () => {
  expect(repairEffect('missing', 'source')).toEqual({ does: 'creates', side: 'target' });
  expect(repairEffect('extra', 'source')).toEqual({ does: 'deletes', side: 'target' });
  expect(repairEffect('missing', 'target')).toEqual({ does: 'deletes', side: 'source' });
  expect(repairEffect('extra', 'target')).toEqual({ does: 'creates', side: 'source' });
  expect(repairEffect('type', 'target')).toEqual({ does: 'overwrites', side: 'source' });
});
