import { expect, test } from 'vitest';
import { fieldWord } from './field-word';

test.each([
  ['endpoint', 'Endpoint'],
  ['accessKeyId', 'Access key id'],
  ['limits.requestsPerSecond', 'Requests per second'],
  ['limits.liveReserveMilli', 'Kept for live traffic'],
  ['tables.0.name', 'Table 1, name'],
  ['tables.2.targetName', 'Table 3, name on TerraScale'],
  ['tables', 'Tables'],
])('the field %s is named as its form labels it', (path, word) => {
  expect(fieldWord(path)).toBe(word);
});
